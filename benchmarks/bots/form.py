"""What all the bots ask and say: the same texts with the same buttons, so that only the way there differs."""

import os
from pathlib import Path

NAME = "What is your name? Please write first name and last name."
AGE = "How old are you? Please write a number."
TOWN = "Where do you live now? Please write the name of the town."
THANKS = "Thank you, {name}! You are {age} years old and live in {town}."

BACK, CANCEL, MENU = "← Back", "Cancel", "☰ Menu"
TALK = ["/start", "Anna Kowalenko", "34", "Dortmund"]
"""What one person writes from the beginning to the end; each message has exactly one answer."""


def token() -> str:
    """Return the token the benchmark gave to this process."""
    return os.environ["TELEGRAM_TOKEN"]


def api_url() -> str:
    """Return where the pretend Telegram listens."""
    return os.environ["TELEGRAM_API_URL"]


def folder() -> Path:
    """Return the empty folder in which this bot may keep what it has to keep."""
    return Path(os.environ["FOLDER"])
