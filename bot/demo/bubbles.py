"""What stands in a bubble: Telegram's HTML or Signal's styles as a tree of plain nodes, and where links lead.

Only few tags are kept, and nothing that was written ever reaches the browser as HTML.
"""

import json
import re
from functools import lru_cache
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bot.demo.signal_chats import Style

Node = str | dict[str, Any]
KEPT = {
    "b": "b", "strong": "b", "i": "i", "em": "i", "u": "u", "ins": "u", "s": "s", "strike": "s", "del": "s",
    "code": "code", "pre": "pre", "blockquote": "blockquote", "tg-spoiler": "spoiler",
}  # fmt: skip
STYLES = {"BOLD": "b", "ITALIC": "i", "STRIKETHROUGH": "s", "MONOSPACE": "code", "SPOILER": "spoiler"}
ADDRESSES = r"(?P<url>https?://[^\s<>]+[^\s<>.,;:!?)»“\"'])|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
LINKED_BY_SIGNAL = re.compile(ADDRESSES)
LINKED_BY_TELEGRAM = re.compile(ADDRESSES + r"|(?<![\w/])(?P<command>/[a-z]\w{0,31})\b")
"""What each makes a link of by itself."""


def nodes(html: str, bot: str) -> list[Node]:
    """Return a text with Telegram's HTML as nodes: strings, and `{"tag", "children"}` with the few tags that are kept.

    Links are kept if they lead to a web page, a mailbox or a telephone; those to the bot itself get `writes`: what
    pressing them writes.
    """
    return json.loads(_nodes(html, bot))  # type: ignore[no-any-return]  # what was dumped three lines below


@lru_cache(maxsize=4096)
def _nodes(html: str, bot: str) -> str:
    reader = _Reader(bot)
    reader.feed(html)
    reader.close()
    return json.dumps(reader.root)


class _Reader(HTMLParser):
    def __init__(self, bot: str) -> None:
        super().__init__(convert_charrefs=True)
        self.bot = bot
        self.root: list[Node] = []
        self.open: list[tuple[str, dict[str, Any]]] = []

    @property
    def here(self) -> list[Node]:
        return self.open[-1][1]["children"] if self.open else self.root

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        node: dict[str, Any] = {"tag": KEPT.get(tag, "span"), "children": []}
        if tag == "a":
            node |= link(dict(attributes).get("href") or "", self.bot)
        self.here.append(node)
        self.open.append((tag, node))

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _ in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if any(name in {"a", "code", "pre"} for name, _ in self.open):
            self.here.append(data)
        else:
            self.here.extend(linked(data, LINKED_BY_TELEGRAM, self.bot))


def styled(text: str, styles: tuple[Style, ...]) -> list[Node]:
    """Return a text with Signal's styles as such nodes; its links lead elsewhere only."""
    return json.loads(_styled(text, styles))  # type: ignore[no-any-return]  # what was dumped below


@lru_cache(maxsize=4096)
def _styled(text: str, styles: tuple[Style, ...]) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    cuts = sorted({0, len(units) // 2, *(cut for start, length, _ in styles for cut in (start, start + length))})
    shown: list[Node] = []
    for begin, end in pairwise(cuts):
        run = units[2 * begin : 2 * end].decode("utf-16-le", "replace")
        tags = [STYLES[style] for start, length, style in styles if start <= begin and end <= start + length]
        children: list[Node] = [run] if "code" in tags else linked(run, LINKED_BY_SIGNAL)
        for tag in tags:
            children = [{"tag": tag, "children": children}]
        shown += children
    return json.dumps(shown)


def linked(text: str, links: re.Pattern[str], bot: str | None = None) -> list[Node]:
    """Return a text with what a messenger makes a link of by itself."""
    found: list[Node] = []
    end = 0
    for match in links.finditer(text):
        found.append(text[end : match.start()])
        end = match.end()
        if match.groupdict().get("command"):
            target: dict[str, Any] = {"tag": "a", "writes": match[0]}
        else:
            target = link(f"mailto:{match[0]}" if match["mail"] else match[0], bot)
        found.append(target | {"children": [match[0]]})
    found.append(text[end:])
    return [node for node in found if node]


def link(address: str, bot: str | None) -> dict[str, Any]:
    """Return where a link leads: `writes` for the bot of that name itself, `href` for elsewhere, or only a span."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return {"tag": "span"}
    if bot and parts.scheme in {"http", "https"} and f"{parts.hostname}{parts.path}".lower() == f"t.me/{bot}".lower():
        start = parse_qs(parts.query).get("start", [""])[0]
        return {"tag": "a", "writes": f"/start {start}".strip()}
    if parts.scheme in {"http", "https", "mailto", "tel"}:
        return {"tag": "a", "href": address}
    return {"tag": "span"}


def key(label: str, value: str, bot: str) -> dict[str, Any]:
    """Return what a button under a message does: it tells the bot its `data`, or leads somewhere."""
    if not re.match(r"(https?|tg)://", value):
        return {"label": label, "data": value}
    return link(value, bot) | {"label": label}
