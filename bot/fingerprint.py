"""What is kept of something that nobody shall read from the database: its SHA-256."""

import hashlib


def fingerprint(*parts: str) -> str:
    """Return the SHA-256 of these parts in hexadecimal digits; none of them has a space but the last."""
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()
