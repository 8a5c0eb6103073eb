"""Turns Telegram's HTML into text with entities and back, refusing what Telegram refuses, in its words.

Offsets and lengths of entities are UTF-16 code units; offsets in refusals are bytes of UTF-8, as in TDLib's
`MessageEntity.cpp`, whose own tests gave the sentences.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

PLAIN_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
TAGS = frozenset(PLAIN_TAGS) | {"a", "tg-emoji", "tg-time"}
HTML_OF_ENTITY = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "spoiler": "tg-spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}
ENTITY_TYPES = frozenset(HTML_OF_ENTITY) | {
    "text_link",
    "text_mention",
    "custom_emoji",
    "date_time",
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
}
REFERENCES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(lt|gt|amp|quot));?")
CONTROL = {code: " " for code in range(32) if code != 10}
SPACES = " \t\n\v\f\r"


class CannotParse(ValueError):
    """Say in Telegram's words why a text with markup is refused."""


@dataclass
class Tag:
    """A start tag that waits for its end."""

    name: str
    attributes: dict[str, str]
    offset: int
    children: list[Json] = field(default_factory=list)


def utf16_length(text: str) -> int:
    """Count the UTF-16 code units of a text."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Return the text without tags and its entities.

    Raises: CannotParse, with the sentence that follows "can't parse entities: ".
    """
    if "<" not in source and "&" not in source:
        return source, []
    return HtmlReader(source).read()


class HtmlReader:
    """Reads one text once from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.pieces: list[str] = []
        self.length = 0
        self.open: list[Tag] = []
        self.entities: list[Json] = []

    def read(self) -> tuple[str, list[Json]]:
        while self.position < len(self.source):
            if self.source[self.position] == "<":
                self.read_tag()
            else:
                self.read_text()
        if self.open:
            raise CannotParse(f'Can\'t find end tag corresponding to start tag "{self.open[-1].name}"')
        outer_first = reversed(self.entities)
        return "".join(self.pieces), sorted(outer_first, key=lambda entity: (entity["offset"], -entity["length"]))

    def read_text(self) -> None:
        end = self.source.find("<", self.position)
        end = len(self.source) if end < 0 else end
        piece = unescape(self.source[self.position : end])
        self.pieces.append(piece)
        self.length += utf16_length(piece)
        self.position = end

    def read_tag(self) -> None:
        begin = self.position
        self.position += 1
        if self.peek() == "/":
            self.position += 1
            self.read_end(begin)
        else:
            self.read_start(begin)

    def read_start(self, begin: int) -> None:
        name = self.take_until(SPACES + ">").lower()
        if not self.peek():
            raise CannotParse(f"Unclosed start tag at byte offset {self.bytes_before(begin)}")
        if name not in TAGS:
            raise CannotParse(f'Unsupported start tag "{name}" at byte offset {self.bytes_before(begin)}')
        attributes = self.read_attributes(name, begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            place = self.bytes_before(begin)
            raise CannotParse(f'Tag "span" must have class "tg-spoiler" at byte offset {place}')
        self.open.append(Tag(name, attributes, self.length))

    def read_attributes(self, tag: str, begin: int) -> dict[str, str]:
        attributes: dict[str, str] = {}
        while True:
            self.skip_spaces()
            if self.peek() == ">":
                self.position += 1
                return attributes
            if not self.peek():
                raise CannotParse(f"Unclosed start tag at byte offset {self.bytes_before(begin)}")
            name = self.take_until(SPACES + "=>").lower()
            if not name:
                place = self.bytes_before(begin)
                raise CannotParse(f'Empty attribute name in the tag "{tag}" at byte offset {place}')
            self.skip_spaces()
            attributes[name] = self.read_value(tag, begin) if self.peek() == "=" else ""

    def read_value(self, tag: str, begin: int) -> str:
        self.position += 1
        self.skip_spaces()
        quote = self.peek()
        if not quote:
            raise CannotParse(f'Unclosed start tag "{tag}" at byte offset {self.bytes_before(begin)}')
        if quote not in "\"'":
            return self.read_token()
        end = self.source.find(quote, self.position + 1)
        if end < 0 or end + 1 >= len(self.source):
            raise CannotParse(f"Unclosed start tag at byte offset {self.bytes_before(begin)}")
        value = unescape(self.source[self.position + 1 : end])
        self.position = end + 1
        return value

    def read_token(self) -> str:
        begin = self.position
        while self.peek().isascii() and (self.peek().isalnum() or self.peek() in ".-") and self.peek():
            self.position += 1
        if self.peek() not in SPACES + ">" or not self.peek():
            raise CannotParse(f"Unexpected end of name token at byte offset {self.bytes_before(begin)}")
        return self.source[begin : self.position].lower()

    def read_end(self, begin: int) -> None:
        if not self.open:
            raise CannotParse(f"Unexpected end tag at byte offset {self.bytes_before(begin)}")
        name = self.take_until(SPACES + ">").lower()
        self.skip_spaces()
        place = self.bytes_before(begin)
        if self.peek() != ">":
            raise CannotParse(f"Unclosed end tag at byte offset {place}")
        self.position += 1
        tag = self.open.pop()
        if name and name != tag.name:
            raise CannotParse(f'Unmatched end tag at byte offset {place}, expected "</{tag.name}>", found "</{name}>"')
        self.close(tag)

    def close(self, tag: Tag) -> None:
        length = self.length - tag.offset
        if tag.name == "tg-emoji" and not tag.attributes.get("emoji-id", "").isdigit():
            raise CannotParse("Invalid custom emoji identifier specified")
        if length == 0:
            return
        entity = entity_of(tag, "".join(self.pieces), length)
        if entity is None:
            return
        inner = self.entities[-1] if self.entities else None
        if entity["type"] == "pre" and inner == {**entity, "type": "code", **language_of(inner)}:
            entity |= language_of(self.entities.pop())
        self.entities.append(entity)

    def peek(self) -> str:
        return self.source[self.position : self.position + 1]

    def skip_spaces(self) -> None:
        while self.peek() and self.peek() in SPACES:
            self.position += 1

    def take_until(self, stops: str) -> str:
        begin = self.position
        while self.position < len(self.source) and self.source[self.position] not in stops:
            self.position += 1
        return self.source[begin : self.position]

    def bytes_before(self, position: int) -> int:
        return len(self.source[:position].encode("utf-8", "surrogatepass"))


def language_of(entity: Json | None) -> Json:
    return {"language": entity["language"]} if entity and "language" in entity else {}


def entity_of(tag: Tag, text: str, length: int) -> Json | None:
    """Return the entity that a closed tag makes, or None where Telegram silently makes none."""
    entity: Json = {"type": PLAIN_TAGS.get(tag.name, ""), "offset": tag.offset, "length": length}
    if tag.name == "a":
        return link_entity(entity, tag.attributes.get("href") or cut(text, tag.offset, length))
    if tag.name == "tg-emoji":
        return entity | {"type": "custom_emoji", "custom_emoji_id": tag.attributes["emoji-id"]}
    if tag.name == "tg-time":
        unix = tag.attributes.get("unix", "")
        return entity | {"type": "date_time", "unix_time": int(unix)} if unix.isdigit() else None
    if tag.name == "blockquote" and "expandable" in tag.attributes:
        return entity | {"type": "expandable_blockquote"}
    language = tag.attributes.get("class", "")
    if tag.name == "code" and language.startswith("language-"):
        return entity | {"language": language.removeprefix("language-")}
    return entity


def link_entity(entity: Json, url: str) -> Json | None:
    person = re.fullmatch(r"tg://user\?id=(\d+)", url)
    if person:
        return entity | {"type": "text_mention", "user": {"id": int(person[1]), "is_bot": False, "first_name": ""}}
    whole = whole_url(url)
    return entity | {"type": "text_link", "url": whole} if whole else None


def whole_url(url: str) -> str | None:
    """Return a link as Telegram keeps it, or None if it is none."""
    if re.match(r"(tg|ton|tonsite|mailto|tel):", url):
        return url
    parts = re.fullmatch(r"(?:(https?)://)?([^\s/?#]+)([/?#]\S*)?", url, re.IGNORECASE)
    if not parts or not ("." in parts[2] or parts[2].startswith(("localhost", "["))):
        return None
    return f"{(parts[1] or 'http').lower()}://{parts[2]}{parts[3] or '/'}"


def unescape(text: str) -> str:
    return REFERENCE.sub(reference, text) if "&" in text else text


def reference(match: re.Match[str]) -> str:
    """Return the character of a reference; one that Telegram does not know stays as it is written."""
    hexadecimal, decimal, name = match.groups()
    if name:
        return REFERENCES[name]
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        return match[0]
    return chr(code)


def cut(text: str, offset: int, length: int) -> str:
    """Return the piece of a text that an entity covers."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[offset * 2 : (offset + length) * 2].decode("utf-16-le", "surrogatepass")


def tidy(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Return a text as Telegram keeps it: control characters as spaces, nothing empty at its ends."""
    plain = text if text.isprintable() else text.translate(CONTROL)
    front = len(plain) - len(plain.lstrip())
    trimmed = plain.strip()
    if not entities:
        return trimmed, entities
    moved = (move(entity, front, utf16_length(trimmed)) for entity in entities)
    return trimmed, [entity for entity in moved if entity["length"] > 0]


def move(entity: Json, by: int, end: int) -> Json:
    begin = max(0, entity["offset"] - by)
    finish = min(end, entity["offset"] + entity["length"] - by)
    return entity | {"offset": begin, "length": finish - begin}


def to_html(text: str, entities: list[Json]) -> str:
    """Return a text with its entities as HTML that a page may show."""
    if not entities:
        return html.escape(text, quote=False)
    places = {entity["offset"] for entity in entities} | {entity["offset"] + entity["length"] for entity in entities}
    return weave(text, {place: tags_at(place, entities) for place in places})


def tags_at(place: int, entities: list[Json]) -> str:
    """Return first the end tags at an offset, innermost first, then the start tags."""
    ending = [entity for entity in reversed(entities) if entity["offset"] + entity["length"] == place]
    ending.sort(key=lambda entity: entity["offset"], reverse=True)
    beginning = [entity for entity in entities if entity["offset"] == place]
    return "".join(tags_of(entity)[1] for entity in ending) + "".join(tags_of(entity)[0] for entity in beginning)


def weave(text: str, tags: dict[int, str]) -> str:
    """Put tags into a text, each at its offset in UTF-16 units."""
    units = text.encode("utf-16-le", "surrogatepass")
    pieces: list[str] = []
    done = 0
    for place in sorted(tags):
        pieces += [escaped(units[done : place * 2]), tags[place]]
        done = place * 2
    return "".join([*pieces, escaped(units[done:])])


def escaped(units: bytes) -> str:
    return html.escape(units.decode("utf-16-le", "surrogatepass"), quote=False)


def tags_of(entity: Json) -> tuple[str, str]:
    kind = entity["type"]
    if kind == "text_link":
        return f'<a href="{html.escape(entity["url"])}">', "</a>"
    if kind in HTML_OF_ENTITY:
        return f"<{HTML_OF_ENTITY[kind]}>", f"</{HTML_OF_ENTITY[kind]}>"
    return "", ""
