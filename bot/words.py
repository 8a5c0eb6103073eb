"""Understanding what people type: one form for all spellings, the words that always work, choices by number or label.

The words stand in `locales/words.toml`. German, Ukrainian and common Russian spellings, umlauts written as `oe` or `o`,
any apostrophe, any capitals, and Latin letters for the Cyrillic ones that look the same mean the same.

Nothing that people wrote is kept here: only words of the list and labels are remembered.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

_FILE = Path(__file__).parent.parent / "locales" / "words.toml"
_INNER = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
LONGEST_NAME = 1000
"""Characters of a message in which words and labels are looked for."""
LONGEST = 5000
"""Characters of a message that are looked at; messengers send fewer."""
_COMBINING = 3
_SURE, _FAR = 1, 5
_JOINER = "\u200d"
_BLANKS = "\t\r\x85\u2028\u2029\u115f\u1160\u2800\u3164\uffa0"
"""Characters of several categories that show nothing."""

_SILENT = ("Cf", "Mn", "Sk")
"""Categories of what changes no word: joiners and marks of direction, signs of stress, colours of skin."""

_APOSTROPHES = dict.fromkeys(map(ord, "'’ʼ`´‘‛′\"“”„«»"))
_SIGNS = str.maketrans({"№": "nr ", "🔟": "10 ", "\u20e3": " "})  # 1️⃣3️⃣ are two answers
_FOLD = str.maketrans({"ё": "е", "ä": "ae", "ö": "oe", "ü": "ue", ",": " ", ";": " ", **dict.fromkeys("‐‒–—−", "-")})
_BARE = str.maketrans("äöüÄÖÜ", "aouAOU")
_LOOKS_LIKE = str.maketrans("aceïikopxymtbh", "асеїікорхумтвн")
_NUMBER = re.compile(r"(?:nr|no|nummer|zahl|antwort|номер|число|відповідь|ответ)?\W*(\d{1,3})(?:-?(?:[йяае]|te[rs]?))?")
_SEVERAL = re.compile(r"(?:[\s/+&.]|\b(?:und|and|і|й|та|и|i)\b)+")


def clean(text: str) -> str:
    """Return what somebody wrote without characters that break files, screens or messengers.

    NUL, lone surrogates, control and direction marks go, joined emoji stay, at most three accents stand on one letter.
    """
    text = text[:LONGEST].encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    kept: list[str] = []
    accents = 0
    for character in text:
        category = unicodedata.category(character)
        if character in _BLANKS:
            character, category = " ", "Zs"  # noqa: PLW2901 - from here on it is a space
        if character == _JOINER:
            if kept and (unicodedata.category(kept[-1]) in ("So", "Sk") or kept[-1] == "\ufe0f"):
                kept.append(character)
        elif category in ("Mn", "Me"):
            accents += 1
            if accents <= _COMBINING:
                kept.append(character)
        elif character == "\n" or category not in ("Cc", "Cf", "Cs", "Co", "Cn") or _is_new_emoji(character):
            kept.append(character)
            accents = 0
    return "".join(kept).strip()


def _is_new_emoji(character: str) -> bool:
    """Say whether a character that this Python does not know is an emoji younger than it."""
    return "\U0001f000" <= character <= "\U0001faff"


def normal(text: str) -> str:
    """Return the form in which two spellings of the same word are equal."""
    text = unicodedata.normalize("NFKC", text[:LONGEST_NAME].translate(_APOSTROPHES).translate(_SIGNS)).casefold()
    text = "".join(c for c in text if unicodedata.category(c) not in _SILENT)
    text = " ".join(text.translate(_FOLD).split())
    found = _INNER.search(text)  # linear, however many signs somebody writes
    return found[0] if found else text


def _key(text: str) -> str:
    """Return the normal form, with Latin letters folded into the Cyrillic ones that look the same."""
    return normal(text).translate(_LOOKS_LIKE)


def _keys(word: str) -> set[str]:
    """Return what a word of ours can look like: with `oe` and with `o` for `ö`, in one word and in two."""
    return {_key(word), _key(word.translate(_BARE)), _key(word.replace("-", " "))}


@dataclass(frozen=True)
class WordList:
    """The words of `locales/words.toml` by their keys."""

    acts: dict[str, str]
    answers: dict[str, str]
    numbers: dict[str, int]

    def act(self, text: str) -> str:
        """Return the act or conversation that a whole message names, or ''."""
        return self.acts.get(_key(text), "")

    def answer(self, text: str) -> str:
        """Return `yes`, `no`, `done` or `all` if the message says so, or ''."""
        return self.answers.get(_key(text), "")

    def number(self, text: str) -> int | None:
        """Return the number that a whole message is, in digits or as a word."""
        digits = _NUMBER.fullmatch(normal(text))
        return int(digits[1]) if digits else self.numbers.get(_key(text))


@cache
def word_list() -> WordList:
    """Read the words, once."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    answers, numbers = tables.pop("answers"), tables.pop("numbers")
    return WordList(
        {key: act for act, words in tables.items() for word in words for key in _keys(word)},
        {key: meaning for meaning, words in answers.items() for word in words for key in _keys(word)},
        {key: int(number) for number, words in numbers.items() for word in words for key in _keys(word)},
    )


@dataclass(frozen=True)
class _Name:
    """A name of a choice: its keys, the words in them, and what it answers if it begins with a yes or a no."""

    keys: frozenset[str]
    words: frozenset[str]
    answer: str


@lru_cache(maxsize=4096)
def _name(label: str) -> _Name:
    keys = frozenset(_keys(label))
    first = re.search(r"\w+", label)
    answer = word_list().answer(label) or (word_list().answer(first[0]) if first else "")
    return _Name(keys, frozenset(word for key in keys for word in re.findall(r"\w+", key)), answer)


@dataclass(frozen=True)
class Match:
    """A choice that a message names. It is not `sure` where only a part of a name was written: better ask back."""

    index: int
    sure: bool


@dataclass(frozen=True)
class Matches:
    """The choices that a message names, in their own order; `sure` if each of them is."""

    indexes: tuple[int, ...]
    sure: bool


def numbers(text: str) -> list[int] | None:
    """Return the numbers that a message consists of, in the order written; None if anything else is in it.

    A range ("1-3", "6 bis 9") is not taken apart: it may be the name of a choice.
    """
    found = [word_list().number(part) for part in _SEVERAL.split(normal(text)) if part.strip()]
    known = [number for number in found if number is not None]
    return list(dict.fromkeys(known)) if known and len(known) == len(found) else None


def choose(text: str, labels: Sequence[Sequence[str]], numbered: range | None = None) -> Match | None:
    """Return the choice that a message names, or None if it names none or more than one.

    `labels` holds for each choice all its names; otherwise than by number the closest name is meant. Numbers count the
    choices of the range `numbered`, from 1; all of them if there is none.
    """
    number = word_list().number(text)
    if number is not None:
        counted = range(len(labels)) if numbered is None else numbered
        return Match(counted[number - 1], sure=True) if 1 <= number <= len(counted) else None
    key, answer = _key(text), word_list().answer(text)
    distances = [min((_distance(key, answer, _name(name)) for name in names), default=_FAR) for names in labels]
    closest = min(distances, default=_FAR)
    if closest == _FAR or distances.count(closest) > 1:
        return None
    return Match(distances.index(closest), sure=closest <= _SURE)


def _distance(key: str, answer: str, name: _Name) -> int:
    """Return how far a message is from a name: 0 for the same, `_FAR` for another."""
    if key in name.keys:
        return 0
    if answer and answer == name.answer:
        return 1
    if len(key) >= 4 and key in name.words:
        return 2
    if len(key) >= 3 and any(whole.startswith(key) for whole in name.keys):
        return 3
    if len(key) >= 4 and any(key in whole for whole in name.keys):
        return 4
    return _FAR


def choose_several(text: str, labels: Sequence[Sequence[str]], numbered: range | None = None) -> Matches | None:
    """Return all choices that a message names ("1 3", "1 und 3", «культура, 2»).

    None if a part of it names none, or more than one.
    """
    whole = choose(text, labels, numbered)
    if whole is not None:
        return Matches((whole.index,), whole.sure)
    if word_list().answer(text) == "all":
        return Matches(tuple(range(len(labels))), sure=True)
    by_comma = re.split(r"[,;\n]", text)
    return _choose_each(by_comma, labels, numbered) or _choose_each(_SEVERAL.split(normal(text)), labels, numbered)


def _choose_each(parts: Iterable[str], labels: Sequence[Sequence[str]], numbered: range | None) -> Matches | None:
    found: dict[int, bool] = {}
    for part in filter(str.strip, parts):
        match = choose(part, labels, numbered)
        if match is None:
            return None
        found[match.index] = match.sure or found.get(match.index, False)
    return Matches(tuple(sorted(found)), all(found.values())) if found else None
