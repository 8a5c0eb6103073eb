"""Understanding what people type: one normal form for all spellings, the words that always work, and choices by number or label.

The words stand in `locales/words.toml`. German, Ukrainian and common Russian spellings, umlauts written as `oe`, any apostrophe
and any capitals mean the same.
"""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent.parent / "locales" / "words.toml"
_APOSTROPHES = dict.fromkeys(map(ord, "'’ʼ`´‘\"“”„«»"))
_LOOKS_LIKE = str.maketrans("acekiopxymtbh", "асекіорхумтвн")
_BARE = str.maketrans("äöüÄÖÜ", "aouAOU")
_FOLD = str.maketrans({"ё": "е", "ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue", "🔟": "10"})
_NUMBER = re.compile(r"(?:nr|nummer|antwort|номер|№|#)?\.?\s*(\d{1,3})\s*[.):]*")
_SEVERAL = re.compile(r"\s*(?:,|;|/|\+|&|\bund\b|\bі\b|\bй\b|\bта\b|\bи\b)\s*|\s+")
_COMBINING = 3
LONGEST = 5000
"""Characters of a message that are looked at; messengers send fewer."""


def clean(text: str) -> str:
    """Return what somebody wrote without characters that break files, screens or messengers.

    NUL, lone surrogates, control and direction marks go, joined emoji stay, at most three accents stand on one letter.
    """
    text = unicodedata.normalize("NFC", text[:LONGEST].encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    kept: list[str] = []
    accents = 0
    for character in text:
        category = unicodedata.category(character)
        accents = accents + 1 if category in ("Mn", "Me") else 0
        if character in "\n\u200d" or (category not in ("Cc", "Cf", "Cs", "Co", "Cn") and accents <= _COMBINING):
            kept.append(character)
        elif character in "\t\r\u2028\u2029":
            kept.append(" ")
    return "".join(kept).strip()


def normal(text: str) -> str:
    """Return the form in which two spellings of the same word are equal."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    text = "".join(c for c in text if c not in "\ufe0f\u20e3\u200d" and unicodedata.category(c) != "Cf").translate(
        _FOLD
    )
    text = re.sub(r"\s+", " ", text).strip().lstrip("/").rstrip(" .,!):;").lstrip(" (")
    return text


@cache
def _look_alike(normalised: str) -> str:
    """Fold Latin letters into the Cyrillic ones that look the same, for words typed on the wrong keyboard."""
    return normalised.translate(_LOOKS_LIKE)


@dataclass(frozen=True)
class WordList:
    """The words of `locales/words.toml` in their normal form."""

    acts: dict[str, str]
    answers: dict[str, str]
    numbers: dict[str, int]

    def act(self, text: str) -> str:
        """Return the act or conversation that a whole message names, or ''."""
        return _find(self.acts, normal(text))

    def answer(self, text: str) -> str:
        """Return `yes`, `no`, `done` or `all` if the message says so, or ''."""
        return _find(self.answers, normal(text))

    def number(self, text: str) -> int | None:
        """Return the number that a whole message is, in digits or as a word."""
        form = normal(text)
        digits = _NUMBER.fullmatch(form)
        return int(digits[1]) if digits else self.numbers.get(form)


def _find(table: dict[str, str], form: str) -> str:
    return table.get(form) or table.get(_look_alike(form), "")


@cache
def word_list() -> WordList:
    """Read the words, once."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    answers, numbers = tables.pop("answers"), tables.pop("numbers")
    return WordList(
        {form: act for act, words in tables.items() for word in words for form in _forms(word)},
        {form: meaning for meaning, words in answers.items() for word in words for form in _forms(word)},
        {form: int(number) for number, words in numbers.items() for word in words for form in _forms(word)},
    )


def _forms(word: str) -> set[str]:
    """Return the normal forms of a word: with `oe` and with `o` for `ö`, and on the other keyboard."""
    form, bare = normal(word), normal(word.translate(_BARE))
    return {form, bare, _look_alike(form)}


def choose(text: str, labels: Sequence[Sequence[str]]) -> int | None:
    """Return the index of the choice that a message names, or None if it names none or more than one.

    `labels` holds for each choice all its names. Tried in turn: its number (from 1), a whole name, the beginning of a name
    (3 letters or more), a part of one.
    """
    number = word_list().number(text)
    if number is not None:
        return number - 1 if 1 <= number <= len(labels) else None
    form = normal(text)
    if not form:
        return None
    forms = [{normal(name) for name in names} for names in labels]
    for fits in (_is, _begins, _contains):
        found = [index for index, names in enumerate(forms) if any(fits(form, name) for name in names)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _is(form: str, name: str) -> bool:
    return form == name or _look_alike(form) == _look_alike(name)


def _begins(form: str, name: str) -> bool:
    return len(form) >= 3 and name.startswith(form)


def _contains(form: str, name: str) -> bool:
    return len(form) >= 4 and form in name


def choose_several(text: str, labels: Sequence[Sequence[str]]) -> list[int] | None:
    """Return the indexes of all choices that a message names ("1 3", "1 und 3", «культура, 2»), or None if a part names none."""
    whole = choose(text, labels)
    if whole is not None:
        return [whole]
    if word_list().answer(text) == "all":
        return list(range(len(labels)))
    by_comma = [part for part in re.split(r"[,;\n]", text) if part.strip()]
    for parts in (by_comma, [part for part in _SEVERAL.split(normal(text)) if part]):
        found = [choose(part, labels) for part in parts]
        if found and None not in found:
            return sorted({index for index in found if index is not None})
    return None
