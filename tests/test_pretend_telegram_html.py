"""Claims about Telegram's HTML: what becomes an entity, where it lies, and what is refused in which words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.telegram_html import CannotParse, cut, parse_html, tidy, to_html, utf16_length


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain", "plain", []),
        ("&lt;&gt;&amp;&quot;&laquo;&#12345678;", '<>&"&laquo;&#12345678;', []),
        ("&#1110;&#x457;&#0;&#xD800;", "ії&#0;&#xD800;", []),
        ("a & b", "a & b", []),
        ("<b>🌻</b><i>ї</i>", "🌻ї", [("bold", 0, 2), ("italic", 2, 1)]),
        ("<STRONG>x</strong>", "x", [("bold", 0, 1)]),
        ("<em>x</><ins>y</ins><del>z</del>", "xyz", [("italic", 0, 1), ("underline", 1, 1), ("strikethrough", 2, 1)]),
        ("<b></b>x", "x", []),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("<span class=tg-spoiler>x</span>", "x", [("spoiler", 0, 1)]),
        ("<tg-spoiler>x</tg-spoiler>", "x", [("spoiler", 0, 1)]),
        ("<blockquote>x</blockquote>", "x", [("blockquote", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ("<code>x</code >", "x", [("code", 0, 1)]),
        ("<a href='nonsense'>x</a>", "x", []),
        ("<a>x</a>", "x", []),
        ("<tg-time unix='soon'>x</tg-time>", "x", []),
    ],
)
def test_tags_become_entities(source: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    found_text, found = parse_html(source)
    assert found_text == text
    assert [(entity["type"], entity["offset"], entity["length"]) for entity in found] == entities


@pytest.mark.parametrize(
    ("source", "more"),
    [
        (
            '<a href="https://example.org/?a=1&amp;b=2">x</a>',
            {"type": "text_link", "url": "https://example.org/?a=1&b=2"},
        ),
        ("<a href='example.org'>x</a>", {"type": "text_link", "url": "http://example.org/"}),
        ("<a href='tg://resolve?domain=x'>x</a>", {"type": "text_link", "url": "tg://resolve?domain=x"}),
        (
            "<a href='tg://user?id=7'>x</a>",
            {"type": "text_mention", "user": {"id": 7, "is_bot": False, "first_name": ""}},
        ),
        ("<tg-emoji emoji-id='55'>x</tg-emoji>", {"type": "custom_emoji", "custom_emoji_id": "55"}),
        ("<tg-time unix='1700000000'>x</tg-time>", {"type": "date_time", "unix_time": 1700000000}),
        ("<code class='language-py'>x</code>", {"type": "code", "language": "py"}),
        ("<pre>x</pre>", {"type": "pre"}),
        ("<pre><code class='language-py'>x</code></pre>", {"type": "pre", "language": "py"}),
    ],
)
def test_an_entity_says_more_than_its_place(source: str, more: dict[str, Any]) -> None:
    assert parse_html(source) == ("x", [{"offset": 0, "length": 1} | more])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;<abac aba>", 'Unsupported start tag "abac" at byte offset 13'),
        ("🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba>", 'Can\'t find end tag corresponding to start tag "i"'),
        ("🏟 🏟&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
        ('🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>', "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"),
        ("🏟 🏟&lt;<b></b></", "Unexpected end tag at byte offset 20"),
        ("🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"),
        ("🏟 🏟&lt;<i>a</em   >", 'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"'),
        ("<b><i>test</b></i>", 'Unmatched end tag at byte offset 10, expected "</i>", found "</b>"'),
        ("<b ", "Unclosed start tag at byte offset 0"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<tg-emoji emoji-id='x'>y</tg-emoji>", "Invalid custom emoji identifier specified"),
        ("<b/>", 'Unsupported start tag "b/" at byte offset 0'),
    ],
)
def test_what_does_not_parse_is_refused_in_telegrams_words(source: str, words: str) -> None:
    with pytest.raises(CannotParse) as refused:
        parse_html(source)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    "source",
    [
        "a &lt; b &amp; c",
        "<b>🌻 <i>ї</i></b> <code>x</code>",
        "<i><b>x</b></i>",
        "<b>a</b><i>b</i>",
        '<a href="https://example.org/">x</a><tg-spoiler>y</tg-spoiler>',
        "<blockquote>a\nb</blockquote>",
    ],
)
def test_a_page_shows_the_same_as_the_telephone(source: str) -> None:
    assert to_html(*parse_html(source)) == source


def test_entities_that_a_page_cannot_show_are_left_out() -> None:
    assert to_html("x", [{"type": "custom_emoji", "offset": 0, "length": 1}]) == "x"


def test_trimming_moves_the_entities() -> None:
    entities = [{"type": "bold", "offset": 0, "length": 3}, {"type": "italic", "offset": 4, "length": 1}]
    assert tidy("  a\x07b ", entities) == (
        "a b",
        [{"type": "bold", "offset": 0, "length": 1}, {"type": "italic", "offset": 2, "length": 1}],
    )
    assert tidy("x ", [{"type": "bold", "offset": 1, "length": 1}]) == ("x", [])


@given(st.text(alphabet="<>/=&;\"' ab🌻їcodespan-hrf#x1", max_size=60))
def test_any_text_is_parsed_or_refused(source: str) -> None:
    try:
        text, entities = parse_html(source)
    except CannotParse:
        return
    for entity in entities:
        assert entity["offset"] >= 0
        assert entity["offset"] + entity["length"] <= utf16_length(text)
    to_html(text, entities)


@given(st.lists(st.sampled_from(["a", "🌻", "ї", " ", "&lt;", "<b>x</b>", "<i>y<u>z</u></i>", "<code>c</code>"])))
def test_a_text_with_tags_comes_back_unchanged(pieces: list[str]) -> None:
    source = "".join(pieces)
    text, entities = parse_html(source)
    assert parse_html(to_html(text, entities)) == (text, entities)
    for entity in entities:
        assert utf16_length(cut(text, entity["offset"], entity["length"])) == entity["length"]
