"""The messengers, each in its own module; only these know what theirs is like."""
