"""What people see of the bot on Signal: name, description, picture, and the QR code of its link."""

import base64
import io
import re
from pathlib import Path

import segno

from bot.profile import Profile

LONGEST_NAME = 128
"""Bytes that Signal's apps show of a name."""
LONGEST_ABOUT = 140
"""Characters that Signal's apps take as a description."""
LONGEST_PICTURE = 2 * 1024 * 1024
PICTURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class Unusable(Exception):
    """A file cannot be used; the text says why, in a sentence for the operator."""


def card(city: Profile) -> dict[str, str]:
    """Return name and description as parameters of `updateProfile`."""
    names = [city.bot.name[language] for language in city.languages]
    all_names = " · ".join(names)
    return {
        "givenName": all_names if len(all_names.encode()) <= LONGEST_NAME else names[0],
        "familyName": "",
        "about": _about([city.bot.short_description[language] for language in city.languages]),
    }


def _about(texts: list[str]) -> str:
    """Return all texts, or the first sentence of each, or only the first text: what there is room for."""
    first_sentences = [re.split(r"(?<=[.!?])\s", text)[0] for text in texts]
    for candidate in (" · ".join(texts), " · ".join(first_sentences), texts[0]):
        if len(candidate) <= LONGEST_ABOUT:
            return candidate
    return texts[0][: LONGEST_ABOUT - 1] + "…"


def picture(file: Path) -> str:
    """Return a picture as a data: URI, as signal-cli's user may not read the file. Raises: Unusable."""
    try:
        content = file.read_bytes()
    except OSError as fault:
        raise Unusable(f"{file} cannot be read: {fault.strerror}.") from fault
    kinds = [kind for beginning, kind in PICTURES.items() if content.startswith(beginning)]
    if not kinds:
        raise Unusable(f"{file} is neither a PNG nor a JPEG.")
    if len(content) > LONGEST_PICTURE:
        raise Unusable(f"{file} is too large. Please make it smaller than 2 MB; 512 pixels each way are enough.")
    return f"data:{kinds[0]};base64,{base64.b64encode(content).decode()}"


def qr_code(text: str) -> str:
    """Draw a QR code for a terminal: white on black, whatever the terminal's colours are."""
    drawing = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(drawing, border=2, compact=True)
    return "\n".join(f"\x1b[97;40m{line}\x1b[0m" for line in drawing.getvalue().splitlines())


def write_poster(link: str, file: Path) -> None:
    """Write the QR code of a link as SVG or PNG, as the file's name says. Raises: Unusable."""
    try:
        segno.make(link, error="q", micro=False).save(str(file), scale=20, border=4)
    except OSError as fault:
        raise Unusable(f"{file} cannot be written: {fault.strerror}.") from fault
