"""The tiny markup of our texts: `<b> <i> <code> <a href="…">`, and `&lt; &gt; &amp; &quot;`.

Values from people pass `escape` and become text; nothing else does. A text is parsed into runs, so that a messenger can
show, measure (in UTF-16 units, as Telegram and Signal count) and split it without ever cutting a tag in half.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

_JOINER = "\u200d"
_TOKEN = re.compile(r'<(/?)(b|i|code|a)(?: href="([^"<>]*)")?>')


@dataclass(frozen=True)
class Run:
    """A stretch of text in one look: the tags around it, outermost first, as `b`, `i`, `code` or `a:ADDRESS`."""

    text: str
    tags: tuple[str, ...] = ()


def escape(value: str) -> str:
    """Make markup that shows `value` as it is."""
    return html.escape(value, quote=True)


def parse(markup: str) -> list[Run]:
    """Return the runs of a text. Raises: ValueError if its tags do not match: such a text is a fault of ours."""
    runs: list[Run] = []
    open_tags: list[str] = []
    end = 0
    for token in _TOKEN.finditer(markup):
        _add(runs, markup[end : token.start()], open_tags)
        end = token.end()
        closing, tag, address = token.groups()
        if not closing:
            open_tags.append(f"a:{html.unescape(address or '')}" if tag == "a" else tag)
        elif not open_tags or open_tags.pop()[:4].split(":")[0] != tag:
            raise ValueError(f"</{tag}> closes nothing")
    _add(runs, markup[end:], open_tags)
    if open_tags:
        raise ValueError(f"<{open_tags[-1]}> is not closed")
    return runs


def _add(runs: list[Run], escaped: str, tags: list[str]) -> None:
    if "<" in escaped:
        raise ValueError("a '<' that begins no tag")
    if escaped:
        runs.append(Run(html.unescape(escaped), tuple(tags)))


def plain(markup: str) -> str:
    """Return the text without its look."""
    return "".join(run.text for run in parse(markup))


def write(runs: Iterable[Run]) -> str:
    """Return the markup of runs; it is at the same time Telegram's HTML."""
    return "".join(_write(run) for run in runs)


def _write(run: Run) -> str:
    text = escape(run.text)
    for tag in reversed(run.tags):
        name, _, address = tag.partition(":")
        text = f'<a href="{escape(address)}">{text}</a>' if name == "a" else f"<{tag}>{text}</{tag}>"
    return text


def units(text: str) -> int:
    """Return the length in UTF-16 units, as both messengers count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def size(text: str) -> int:
    """Return the length in bytes of UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def split(markup: str, longest: int, encoding: str = "utf-16-le") -> list[str]:
    """Return the text in parts, cut at a paragraph, else a line, a word, a letter.

    `longest` is in units of the encoding: of 16 bits in UTF-16, of bytes in UTF-8.
    """
    if len(markup) * 4 <= longest:
        return [markup]
    most = longest * (2 if encoding.startswith("utf-16") else 1)
    parts = [part for part in _parts(parse(markup), most, encoding) if "".join(run.text for run in part).strip()]
    return [write(part) for part in parts]


def _parts(runs: list[Run], most: int, encoding: str) -> Iterator[list[Run]]:
    text = "".join(run.text for run in runs)
    while len(text.encode(encoding, "surrogatepass")) > most:
        cut = _cut(text, most, encoding)
        yield _strip(_slice(runs, 0, cut))
        runs = _strip(_slice(runs, cut, len(text)))
        text = "".join(run.text for run in runs)
    yield runs


def _cut(text: str, most: int, encoding: str) -> int:
    """Return how many characters go into the first part of at most so many bytes, at least one."""
    fits = max(1, len(text.encode(encoding, "surrogatepass")[:most].decode(encoding, "ignore")))
    for border in ("\n\n", "\n", " "):
        found = text.rfind(border, 0, fits + 1)
        if found > fits // 2:
            return found
    cut = fits
    while cut > 1 and _belongs_together(text[cut - 1], text[cut]):  # not between a letter and its accent
        cut -= 1
    return cut if cut > 1 else fits


def _belongs_together(before: str, after: str) -> bool:
    """Say whether two characters are one on the screen: a letter with its accents, an emoji made of several."""
    is_mark = unicodedata.category(after) in ("Mn", "Me", "Mc")
    return is_mark or _JOINER in (before, after) or "\U0001f3fb" <= after <= "\U0001f3ff"


def _slice(runs: list[Run], start: int, end: int) -> list[Run]:
    sliced, position = [], 0
    for run in runs:
        piece = run.text[max(start - position, 0) : max(end - position, 0)]
        if piece:
            sliced.append(replace(run, text=piece))
        position += len(run.text)
    return sliced


def _strip(runs: list[Run]) -> list[Run]:
    if runs:
        runs[0] = replace(runs[0], text=runs[0].text.lstrip())
        runs[-1] = replace(runs[-1], text=runs[-1].text.rstrip())
    return [run for run in runs if run.text]
