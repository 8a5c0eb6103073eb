"""What stands in a bubble: Telegram's HTML as a tree of plain nodes, and where links and buttons lead.

Only few tags are kept, and nothing that was written ever reaches the browser as HTML.
"""

import json
import re
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

Node = str | dict[str, Any]
KEPT = {
    "b": "b", "strong": "b", "i": "i", "em": "i", "u": "u", "ins": "u", "s": "s", "strike": "s", "del": "s",
    "code": "code", "pre": "pre", "blockquote": "blockquote", "tg-spoiler": "spoiler",
}  # fmt: skip
LINKED = re.compile(
    r"(?P<url>https?://[^\s<>]+[^\s<>.,;:!?)»“\"'])|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)|"
    r"(?<![\w/])(?P<command>/[a-z]\w{0,31})\b"
)
"""What Telegram makes a link of by itself."""


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
            self.here.extend(self._linked(data))

    def _linked(self, text: str) -> list[Node]:
        found: list[Node] = []
        end = 0
        for match in LINKED.finditer(text):
            found.append(text[end : match.start()])
            end = match.end()
            if match["command"]:
                target: dict[str, Any] = {"tag": "a", "writes": match[0]}
            else:
                target = link(f"mailto:{match[0]}" if match["mail"] else match[0], self.bot)
            found.append(target | {"children": [match[0]]})
        found.append(text[end:])
        return [node for node in found if node]


def link(address: str, bot: str) -> dict[str, Any]:
    """Return where a link leads: `writes` for the bot itself, `href` for elsewhere, or only a span."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return {"tag": "span"}
    if parts.scheme in {"http", "https"} and f"{parts.hostname}{parts.path}".lower() == f"t.me/{bot}".lower():
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
