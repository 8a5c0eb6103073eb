"""Texts for people: marked in the code with `_` in English, written in `locales/*/LC_MESSAGES/bot.po`.

`_("…")` does not translate, it makes a `Text` that is rendered later in the language of whoever reads it. English is
nobody's language here: it is the message id, so that neither German nor Ukrainian comes second.
"""

import gettext
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.catalog import Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot import markup
from bot.profile import Localized

FOLDER = Path(__file__).parent.parent / "locales"
DOMAIN = "bot"


@dataclass(frozen=True)
class Text:
    """A translatable text with the values for its placeholders; with `plural`, `n` decides the form."""

    id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    plural: str = ""
    n: int = 0


@dataclass(frozen=True)
class Lines:
    """Several texts, put together by `separator`: the lines of a list, never the pieces of a sentence."""

    parts: tuple["Words", ...]
    separator: str = "\n"


@dataclass(frozen=True)
class Bold:
    """A text in bold, such as the name of a value."""

    words: "Words"


@dataclass(frozen=True)
class Rendered:
    """Markup that was put together before, such as the preview of a message for others."""

    markup: str


@dataclass(frozen=True)
class InEveryLanguage:
    """A text for somebody whose language is not known: in all of them, one below the other."""

    words: "Words"


Words = Text | Localized | Lines | Bold | InEveryLanguage | Rendered | date | str
"""Anything that can be rendered. A `str` is taken as it is, as text and never as markup."""


def _(message: str, /, **values: Any) -> Text:
    """Mark a text for translation. Values: text is escaped, `Words` are rendered, dates are written out."""
    return Text(message, values)


def _n(one: str, other: str, n: int, /, **values: Any) -> Text:
    """Mark a text whose form depends on `n`, which is also its placeholder `{n}`."""
    return Text(one, {"n": n, **values}, other, n)


def lines(*parts: Words) -> Lines:
    """Put texts below each other."""
    return Lines(parts)


def paragraphs(*parts: Words) -> Lines:
    """Put texts below each other with an empty line between them."""
    return Lines(parts, "\n\n")


def listing(parts: Iterable[Words]) -> Lines:
    """Put names behind each other; they may have commas of their own."""
    return Lines(tuple(parts), "; ")


def has_texts(language: str) -> bool:
    """Say whether there is a catalog in this language."""
    return (FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po").is_file()


def own_name(language: str) -> str:
    """Return what a language calls itself."""
    name = Locale(language).get_display_name(language) or language
    return name[0].upper() + name[1:]


def names(language: str) -> tuple[str, ...]:
    """Return what a language is called in the languages that people here may write, and its code."""
    return (language, *(Locale(language).get_display_name(code) or language for code in ("de", "uk", "ru", "en")))


class Languages:
    """The languages people can choose, with their catalogs."""

    def __init__(self, codes: Iterable[str], folder: Path = FOLDER) -> None:
        self.codes = tuple(codes)
        self._folder = folder
        self._catalogs = {code: _catalog(folder / code / "LC_MESSAGES" / f"{DOMAIN}.po", code) for code in self.codes}

    def render(self, words: Words, language: str) -> str:
        """Return the markup of a text in that language."""
        if isinstance(words, str):
            return markup.escape(words)
        match words:
            case Text():
                return self._translate(words, language)
            case Localized():
                return words[language]
            case Rendered():
                return words.markup
            case Lines():
                parts = (self.render(part, language) for part in words.parts)
                return words.separator.join(part for part in parts if part)
            case Bold():
                return f"<b>{self.render(words.words, language)}</b>"
            case InEveryLanguage():
                return "\n\n".join(dict.fromkeys(self.render(words.words, code) for code in self.codes))
            case date():
                return _written_date(words, language)

    def untranslated(self, language: str) -> int:
        """Return how many texts of the catalog are missing or only guessed in a language."""
        with (self._folder / language / "LC_MESSAGES" / f"{DOMAIN}.po").open(encoding="utf-8") as source:
            catalog = read_po(source, locale=language)
        return sum(not _is_translated(message) for message in catalog if message.id)

    def render_for(self, words: Words, language: str) -> str:
        """Return the markup for somebody whose language may not be known yet ('')."""
        return self.render(words if language else InEveryLanguage(words), language or self.codes[0])

    def plain(self, words: Words, language: str) -> str:
        """Return the text without markup, as on a button."""
        return markup.plain(self.render(words, language))

    def _translate(self, text: Text, language: str) -> str:
        catalog = self._catalogs[language]
        pattern = catalog.ngettext(text.id, text.plural, text.n) if text.plural else catalog.gettext(text.id)
        if not text.values:
            return pattern
        values = {
            name: str(value) if isinstance(value, int) else self.render(value, language)
            for name, value in text.values.items()
        }
        return pattern.format_map(values)


def _written_date(day: date, language: str) -> str:
    """Return 09.02.2023 for a day, and for a time "Donnerstag, 9. Februar 2023, 15:30" in its own zone."""
    if not isinstance(day, datetime):
        return format_date(day, "dd.MM.y", locale=language)
    written = format_date(day, "EEEE, d. MMMM y" if language == "de" else "EEEE, d MMMM y 'р'.", locale=language)
    return f"{written}, {format_time(day, 'HH:mm', tzinfo=day.tzinfo, locale=language)}"


def _is_translated(message: Message) -> bool:
    texts = message.string if isinstance(message.string, tuple | list) else [message.string]
    return all(texts) and not message.fuzzy


@cache
def _catalog(path: Path, code: str) -> gettext.GNUTranslations:
    """Read a .po file once, at start, so that no stale compiled one can be shown."""
    with path.open(encoding="utf-8") as source:
        catalog = read_po(source, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
