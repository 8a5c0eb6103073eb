"""Any text can be written, read back, measured and cut, and every part of it is one that Telegram takes."""

from itertools import accumulate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import markup
from bot.demo.telegram_html import parse_html, utf16_length
from bot.markup import Run

LETTERS = st.sampled_from("aäїЇб́ё\u0301\u0483\u20dd\u200d\ufe0f👩🏽‍🚒🏳️‍🌈👍🏿 \n\n\t<>&\"';#x27\u00a0z")
TEXTS = st.one_of(st.text(), st.text(LETTERS), st.lists(st.text(LETTERS, max_size=9)).map("\n\n".join))
TAGS = st.lists(st.sampled_from(["b", "i", "code", "a:https://example.org/?a=1&b=<2>"]), max_size=3, unique=True)
RUNS = st.lists(st.builds(Run, TEXTS.filter(bool), TAGS.map(tuple)), max_size=6)


@given(TEXTS)
def test_a_text_that_was_escaped_reads_as_it_was_written(text: str) -> None:
    assert markup.plain(markup.escape(text)) == text
    assert parse_html(markup.escape(text))[0] == text


@given(RUNS)
def test_what_was_written_can_be_read(runs: list[Run]) -> None:
    written = markup.write(runs)
    read = markup.parse(written)
    assert "".join(run.text for run in read) == "".join(run.text for run in runs)
    assert markup.write(read) == written


@given(RUNS)
def test_telegram_reads_the_same_text_and_the_same_look(runs: list[Run]) -> None:
    text, entities = parse_html(markup.write(runs))
    assert text == "".join(run.text for run in runs)
    kinds = {"b": "bold", "i": "italic", "code": "code", "a": "text_link"}
    wanted = sum(len(run.tags) for run in runs)
    assert len(entities) == wanted
    assert {entity["type"] for entity in entities} <= set(kinds.values())
    assert all(entity["url"] == "https://example.org/?a=1&b=<2>" for entity in entities if "url" in entity)


@given(TEXTS)
def test_texts_are_measured_as_telegram_measures_them(text: str) -> None:
    assert markup.units(text) == utf16_length(text)


@given(RUNS, st.integers(2, 40))
@example([Run("\u0301" * 50)], 7)
@example([Run("👩🏽‍🚒" * 9)], 8)
@example([Run("a" * 6 + "\u0301" * 3 + "b" * 9)], 7)
@example([Run(" \n\n "), Run("a" * 90, ("b",)), Run("\n\n\n")], 5)
def test_a_long_text_is_cut_into_parts_that_telegram_takes(runs: list[Run], longest: int) -> None:
    whole = "".join(run.text for run in runs)
    parts = markup.split(markup.write(runs), longest)
    plain = [parse_html(part)[0] for part in parts]
    assert all(utf16_length(part) <= longest for part in plain)
    assert [markup.plain(part) for part in parts] == plain
    if utf16_length(whole) > longest:
        assert all(part.strip() for part in plain)
    assert "".join("".join(plain).split()) == "".join(whole.split())


@given(RUNS, st.integers(2, 40))
def test_only_white_space_at_the_cuts_is_lost(runs: list[Run], longest: int) -> None:
    whole = "".join(run.text for run in runs)
    position = 0
    for part in markup.split(markup.write(runs), longest):
        text = markup.plain(part)
        found = whole.find(text, position)
        assert found >= 0
        assert not whole[position:found].strip()
        position = found + len(text)
    assert not whole[position:].strip()


SIGNS = ["a", "ї", "e\u0301", "и\u0483", "o\u20dd", "👩🏽‍🚒", "👍🏿", "🏳️‍🌈", "x\u0300\u0301\u0302"]


@given(st.lists(st.sampled_from(SIGNS), min_size=20, max_size=60), st.integers(16, 40))
def test_no_cut_comes_between_a_letter_and_its_accent(signs: list[str], longest: int) -> None:
    parts = [markup.plain(part) for part in markup.split(markup.escape("".join(signs)), longest)]
    ends = [*accumulate(map(len, signs))]
    assert [end for end in accumulate(map(len, parts)) if end not in ends] == []
    assert "".join(parts) == "".join(signs)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("eins zwei\n\ndrei vier\nfünf", ["eins zwei", "drei vier\nfünf"]),
        ("eins zwei drei\nvier fünf sechs", ["eins zwei drei", "vier fünf sechs"]),
        ("eins zwei drei vier fünf sechs", ["eins zwei drei", "vier fünf sechs"]),
        ("<b>eins zwei drei vier fünf</b>", ["<b>eins zwei drei</b>", "<b>vier fünf</b>"]),
        ("x" * 40, ["x" * 18, "x" * 18, "x" * 4]),
        ("kurz", ["kurz"]),
    ],
)
def test_a_text_is_cut_at_a_paragraph_else_a_line_a_word_a_letter(text: str, parts: list[str]) -> None:
    assert markup.split(text, 18) == parts


@pytest.mark.parametrize("text", ["<b>", "</b>", "<b></i>", "<b><i></b></i>", "a < b", "<u>x</u>", '<a href="<">x</a>'])
def test_markup_that_is_not_right_is_a_fault_of_ours(text: str) -> None:
    with pytest.raises(ValueError, match=r"closed|closes|begins"):
        markup.parse(text)


def test_lone_surrogates_are_cut_like_all_else() -> None:
    assert "".join(markup.split("\ud800" * 50, 20)) == "\ud800" * 50
