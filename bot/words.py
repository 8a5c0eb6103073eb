"""Understanding what people type: one form for all spellings, the words that always work, choices by number or label.

The words stand in `locales/words.toml`. German, Ukrainian and common Russian spellings, umlauts written as `oe` or `o`,
any apostrophe, any capitals, and Latin letters for the Cyrillic ones that look the same mean the same.

A choice is looked for in steps, and the first step that finds any decides: a number, a name, a yes or a no, words of a
name, its beginning, a part of it, a name with typos in it. Two found at once are none, but can be
named (`fitting`): nothing is ever guessed, and the last four are not `sure`. Words that always work have to be written
without a typo.

Nothing that people wrote is kept here: only words of the list and labels are remembered.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from rapidfuzz.distance import OSA

_FILE = Path(__file__).parent.parent / "locales" / "words.toml"
_INNER = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
LONGEST_NAME = 1000
"""Characters of a message in which words and labels are looked for."""
LONGEST = 5000
"""Characters of a message that are looked at; messengers send fewer."""
_COMBINING = 3
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
_NUMBER = re.compile(
    r"(?:nr|no|nummer|zahl|antwort|номер|число|відповідь|ответ)?\W*(\d{1,3})"
    r"(?:-?(?:s?te[rsnm]?|[йяаеєую]|[иіо]й|ая|ое|ую|ш[аеу]|г[аеу]|т[аеуєяю]|м[аеу]))?"
)
_JOINERS = "und|u|sowie|auch|and|plus|і|й|та|також|ще|а|и|также|еще|плюс|i|a"
_BETWEEN = rf"[/+&|]|(?<!\.)\.(?!\.)|(?<![^\W\d])(?:{_JOINERS})(?![^\W\d])"
_JOINED = re.compile(_BETWEEN)
_SEVERAL = re.compile(rf"(?:\s|{_BETWEEN})+")
_LINE = re.compile(r"(\d{1,3})\W+(.+)", re.DOTALL)
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")
_SENTENCES = re.compile(r"[,;.:!?\n]")
_YES_OR_NO = ("yes", "no")
_NEGATING = tuple(word.translate(_LOOKS_LIKE) for word in ("не", "ні", "un", "nicht", "kein"))
_FAR = 3


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
    text = "".join(c if c.isalpha() or c.isdecimal() else _shown(c) for c in text)
    text = " ".join(text.translate(_FOLD).split())
    found = _INNER.search(text)  # linear, however many signs somebody writes
    return found[0] if found else text


def _shown(sign: str) -> str:
    """Return a sign, nothing for one that is not seen, and the number that stands in a circle."""
    category = unicodedata.category(sign)
    if category == "No":
        return f"{unicodedata.numeric(sign):g} "
    return "" if category in _SILENT else sign


def _key(text: str) -> str:
    """Return the normal form, with Latin letters folded into the Cyrillic ones that look the same."""
    return normal(text).translate(_LOOKS_LIKE)


def _keys(word: str) -> set[str]:
    """Return what a word of ours can look like: with `oe` and with `o` for `ö`, in one word and in two."""
    return {_key(word), _key(word.translate(_BARE)), _key(word.replace("-", " "))} - {""}


@dataclass(frozen=True)
class WordList:
    """The words of `locales/words.toml` by their keys."""

    acts: dict[str, str]
    answers: dict[str, str]
    numbers: dict[str, int]
    languages: dict[str, str]
    polite: frozenset[str]
    """What may stand around an answer and changes nothing."""
    counting: frozenset[str]
    """The same before a number; alone it may be meant."""
    negations: frozenset[str]
    """What turns the words after it into their opposite."""

    def act(self, text: str) -> str:
        """Return the act or conversation that a whole message names, or ''."""
        return self.acts.get(_key(text), "")

    def answer(self, text: str) -> str:
        """Return `yes`, `no`, `done`, `more` or `all` if a message says so, or ''. Yes and no may be several words."""
        said = self._answer(_key(text))
        for parts in (_SENTENCES.split(text[:LONGEST_NAME]), normal(text).split()):
            each = {self._answer(key) for part in parts if (key := _key(part))}
            if not said and each in ({"yes"}, {"no"}):
                said = each.pop()
        return said

    def _answer(self, key: str) -> str:
        """Return what a word says, also with keys pressed for long ("jaaa"); but "nn" may be anything."""
        short = re.sub(r"(.)\1+", r"\1", key)
        said = self.answers.get(short, "") if len(short) > 1 or not short.isalnum() else ""
        return self.answers.get(key) or said

    def number(self, text: str) -> int | None:
        """Return the number that a whole message is, in digits or as a word."""
        digits = _NUMBER.fullmatch(normal(text))
        return int(digits[1]) if digits else self.numbers.get(_key(text))

    def language(self, text: str) -> str:
        """Return the code of the language that a whole message asks for, or ''. It may name a choice as well."""
        return self.languages.get(_key(text), "")


@cache
def word_list() -> WordList:
    """Read the words, once."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    answers, numbers, languages, around = (tables.pop(name) for name in ("answers", "numbers", "languages", "around"))
    return WordList(
        _meanings(tables),
        _meanings(answers),
        {key: int(number) for key, number in _meanings(numbers).items()},
        _meanings(languages),
        **{name: frozenset(key for word in around[name] for key in _keys(word)) for name in around},
    )


def _meanings(table: dict[str, list[str]]) -> dict[str, str]:
    return {key: meaning for meaning, words in table.items() for word in words for key in _keys(word)}


# ---------------------------------------------------------------------- numbers


def numbers(text: str) -> list[int] | None:
    """Return the numbers that a message consists of, in the order written; None if more than politeness is with them.

    A range ("1-3", "6 bis 9") is not taken apart: it may be the name of a choice, and some mean two by it, some three.
    """
    found = [word_list().number(part) for part in _parts(text)]
    known = [number for number in found if number is not None]
    return list(dict.fromkeys(known)) if known and len(known) == len(found) else None


def _parts(text: str) -> list[str]:
    """Return the words of a message that are neither joining ones nor mere politeness."""
    return [part for part in _SEVERAL.split(normal(text)) if part and not _is_around(part)]


def _is_around(word: str) -> bool:
    """Say whether a word changes nothing about the answer it stands around."""
    key = _key(word)
    return key in word_list().polite or key in word_list().counting


# ---------------------------------------------------------------------- one choice


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


@dataclass(frozen=True)
class _Name:
    """A name of a choice."""

    keys: frozenset[str]
    bare: frozenset[str]
    """The keys without politeness around them: "helfen" for "Ich möchte helfen"."""
    words: frozenset[str]
    answer: str
    """What it says as a whole or, if that is a yes or a no, with its first word."""
    negated: bool
    """It says of something that it is not so: "Nein, bitte nicht fragen", but not "Nein, behalten"."""
    targets: frozenset[str]
    """What may be written with typos."""


@dataclass(frozen=True)
class _Written:
    """What somebody wrote, or what remains of it without politeness around it."""

    text: str
    key: str
    words: frozenset[str]
    answer: str
    begins: str
    """What its first word says."""
    denies: bool
    names_nothing: bool
    """It is nothing but politeness."""


def choose(text: str, labels: Sequence[Sequence[str]], numbered: range | None = None) -> Match | None:
    """Return the choice that a message names, or None if it names none or more than one.

    `labels` holds for each choice all its names. Numbers count the choices of the range `numbered`, from 1; all of them
    if there is none.
    """
    counted = range(len(labels)) if numbered is None else numbered
    forms = _forms(text)
    for form in forms:
        number = word_list().number(form.text)
        if number is not None:
            return Match(counted[number - 1], sure=True) if 1 <= number <= len(counted) else None
    names = _names(labels)
    return _only(_named(forms, names)) or _line(forms[-1], names, counted)


def fitting(text: str, labels: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return the choices between which a message leaves it open; none if it names one, or all there are."""
    found = _named(_forms(text), _names(labels))
    return found.indexes if found and 1 < len(found.indexes) < len(labels) else ()


def _names(labels: Sequence[Sequence[str]]) -> list[list[_Name]]:
    return [[_name(label) for label in choice] for choice in labels]


def _only(found: Matches | None) -> Match | None:
    return Match(found.indexes[0], found.sure) if found and len(found.indexes) == 1 else None


def _named(forms: Sequence[_Written], names: Sequence[Sequence[_Name]]) -> Matches | None:
    """Take one step after the other, and return all that the first one found that found anything."""
    for step in _STEPS:
        for form in forms:
            found = [index for index, choice in enumerate(names) if any(step(form, name) for name in choice)]
            if found:
                return Matches(tuple(found), step in _SURE)
    for form in forms:
        typos = [min((_typos(form, name) for name in choice), default=_FAR) for choice in names]
        fewest = min(typos, default=_FAR)
        if fewest < _FAR:
            return Matches(tuple(index for index, number in enumerate(typos) if number == fewest), sure=False)
    return None


def _line(form: _Written, names: Sequence[Sequence[_Name]], counted: range) -> Match | None:
    """Understand a line as it was shown ("2 – Deutsch"), if its number and its name say the same."""
    line = _LINE.fullmatch(form.text)
    named = _only(_named(_forms(line[2]), names)) if line else None
    if line is None or named is None or int(line[1]) not in range(1, len(counted) + 1):
        return None
    return Match(named.index, sure=True) if counted[int(line[1]) - 1] == named.index else None


def _forms(text: str) -> list[_Written]:
    """Return a message as it was written and, if that is less, without politeness around it."""
    whole = normal(text)
    bare = _bare(whole)
    forms = [_written(whole, word_list().answer(text))]
    return forms if bare in ("", whole) else [*forms, _written(bare, word_list().answer(bare))]


def _bare(text: str) -> str:
    """Return a text without politeness around it."""
    words = text.split()
    while words and _is_around(words[-1]):
        words.pop()
    first = next((place for place, word in enumerate(words) if not _is_around(word)), 0)
    return normal(" ".join(words[first:]))


def _written(text: str, answer: str) -> _Written:
    known, key = word_list(), _key(text)
    words = _WORD.findall(key)
    denies = any(word in known.negations or (known.answers.get(word) == "no" and len(word) > 1) for word in words)
    begins = known.answers.get(words[0], "") if words else ""
    return _Written(text, key, frozenset(words), answer, begins, denies, known.polite.issuperset(words))


@lru_cache(maxsize=4096)
def _name(label: str) -> _Name:
    known = word_list()
    keys = frozenset(_keys(label) | _keys(re.sub(r"\([^()]*\)\s*$", "", label)))
    words = frozenset(word for key in keys for word in _WORD.findall(key))
    first = _WORD.search(_key(label))
    begins = known.answers.get(first[0], "") if first and first[0] not in known.negations else ""
    return _Name(
        keys,
        bare=frozenset(_bare(key) for key in keys) - {""},
        words=words,
        answer=known.answer(label) or (begins if begins in _YES_OR_NO else ""),
        negated=not known.negations.isdisjoint(words),
        targets=frozenset(each for each in keys | words if _typos_allowed(len(each))),
    )


# ---------------------------------------------------------------------- the steps of finding a name


def _is_same(form: _Written, name: _Name) -> bool:
    return form.key in name.keys


def _is_same_without_politeness(form: _Written, name: _Name) -> bool:
    return form.key in name.bare


def _says_same(form: _Written, name: _Name) -> bool:
    return form.answer != "" and form.answer == name.answer


def _is_words_of(form: _Written, name: _Name) -> bool:
    return form.words <= name.words and any(len(word) >= 4 for word in form.words) and _may_mean(form, name)


def _begins(form: _Written, name: _Name) -> bool:
    long_enough = len(form.key) >= 3 and not form.answer
    return long_enough and any(key.startswith(form.key) for key in name.keys) and _may_mean(form, name)


def _is_part_of(form: _Written, name: _Name) -> bool:
    long_enough = len(form.key) >= 4 and not form.answer
    return long_enough and any(form.key in key for key in name.keys) and _may_mean(form, name)


_SURE: tuple[Callable[[_Written, _Name], bool], ...] = (_is_same, _is_same_without_politeness, _says_same)
_STEPS = (*_SURE, _is_words_of, _begins, _is_part_of)


def _typos(form: _Written, name: _Name) -> int:
    """Return how many letters of a name, or of words in it, are mistyped; `_FAR` if that are too many."""
    if form.answer or not _may_mean(form, name):
        return _FAR
    whole = min((_typos_in(form.key, target) for target in name.targets), default=_FAR)
    if not 1 < len(form.words) <= len(name.words):
        return whole
    in_words = sum(0 if word in name.words else _typos_to_words(word, name) for word in form.words)
    return min(whole, in_words or _FAR, _FAR)


def _typos_to_words(word: str, name: _Name) -> int:
    return min((_typos_in(word, target) for target in name.words if _typos_allowed(len(target))), default=_FAR)


def _typos_in(text: str, target: str) -> int:
    """Return how many letters are mistyped. "6 bis 8" is not "6 bis 9": a number has no typos."""
    allowed = _typos_allowed(min(len(text), len(target)))
    if len(text) >= 9 and len(target) - len(text) > allowed:  # its beginning
        target, allowed = target[: len(text)], 1
    if not allowed or abs(len(text) - len(target)) > allowed:
        return _FAR
    typos = OSA.distance(text, target, score_cutoff=allowed)
    if typos > allowed or _DIGITS.findall(text) != _DIGITS.findall(target):
        return _FAR
    return _FAR if _negates(text, target, typos) or _negates(target, text, typos) else typos


def _typos_allowed(length: int) -> int:
    """Return how many typos a word of so many letters may have and still be known."""
    return 2 if length >= 9 else 1 if length >= 5 else 0


def _negates(text: str, other: str, typos: int) -> bool:
    """Say whether a text is the other one with a "не" or "un" before it."""
    return any(
        text.startswith(prefix) and OSA.distance(text.removeprefix(prefix), other, score_cutoff=typos) < typos
        for prefix in _NEGATING
    )


def _may_mean(form: _Written, name: _Name) -> bool:
    """Say whether something that only resembles a name may mean it: never where one says yes and the other no."""
    if form.names_nothing or (form.begins in _YES_OR_NO and name.answer in _YES_OR_NO and form.begins != name.answer):
        return False
    return form.denies == name.negated or (not name.negated and name.answer == "no")


# ---------------------------------------------------------------------- several choices


def choose_several(text: str, labels: Sequence[Sequence[str]], numbered: range | None = None) -> Matches | None:
    """Return all choices that a message names ("1 3", "1 und 3", «культура, 2»).

    None if a part of it names none, or more than one. Numbers count as in `choose`.
    """
    whole = choose(text, labels, numbered)
    if whole is not None:
        return Matches((whole.index,), whole.sure)
    if any(form.answer == "all" for form in _forms(text)):
        return Matches(tuple(range(len(labels))), sure=True)
    by_comma = [part for part in re.split(r"[,;\n]", text[:LONGEST_NAME]) if _parts(part)]
    joined = [part for part in _JOINED.split(normal(text)) if _parts(part)]
    return next(
        (found for parts in (by_comma, joined, _parts(text)) if (found := _each(parts, labels, numbered))), None
    )


def _each(parts: Iterable[str], labels: Sequence[Sequence[str]], numbered: range | None) -> Matches | None:
    found: dict[int, bool] = {}
    for part in dict.fromkeys(parts):
        match = choose(part, labels, numbered)
        if match is None:
            return None
        found[match.index] = match.sure or found.get(match.index, False)
    return Matches(tuple(sorted(found)), all(found.values())) if found else None
