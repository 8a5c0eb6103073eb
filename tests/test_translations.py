"""Every text that people can read is there in every language, complete and written as people here are spoken to."""

import re
import string
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po

from bot import profile
from bot.languages import Languages, _, _n
from bot.questions import Invalid
from bot.words import word_list
from handlers import conversations
from handlers.volunteers import check_contact

ROOT = Path(__file__).parent.parent
LOCALES = ROOT / "locales"
LANGUAGES = sorted(folder.name for folder in LOCALES.iterdir() if folder.is_dir())
every_language = pytest.mark.parametrize("language", LANGUAGES)

LONGEST = 400
LONGEST_SENTENCE = 15
LONGEST_LABEL = 34
LATIN, CYRILLIC = "A-Za-zÀ-ÖØ-öø-ÿ", "Ѐ-ӿ"
COMMAND = re.compile(r"\b[A-ZÄÖÜА-ЯІЇЄҐ]{3,}(?: [A-ZÄÖÜА-ЯІЇЄҐ]{3,})*\b")

VY = r"\b(?:ви|вас|вам|вами|ваш\w*)\b"

Key = str | tuple[str, ...]


def in_the_code() -> set[Key]:
    """Return every text that is marked with `_` or `_n`, in the way a catalog has it as its id."""
    keywords = {"_": None, "_n": (1, 2)}
    found: set[Key] = set()
    for file in sorted((ROOT / "bot").glob("*.py")):
        found |= {text[1] for text in extract_from_file("python", file, keywords=keywords)}
    for folder in ("bot/transports", "handlers"):
        found |= {text[2] for text in extract_from_dir(ROOT / folder, [("**.py", "python")], keywords=keywords)}
    return found


def catalog(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / "bot.po").open(encoding="utf-8") as source:
        return read_po(source, locale=language, abort_invalid=True)


def messages(language: str) -> list[Message]:
    return [message for message in catalog(language) if message.id]


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def forms(message: Message) -> tuple[str, ...]:
    """Return a translation in all its forms; one, unless it depends on a number."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def texts(language: str) -> Iterator[str]:
    for message in messages(language):
        yield from forms(message)


def matching(pattern: str, language: str) -> list[str]:
    return [match[0] for text in texts(language) for match in re.finditer(pattern, text)]


def placeholders(text: str) -> Counter[str]:
    return Counter(name for _text, name, _form, _as in string.Formatter().parse(text) if name is not None)


def tags(text: str) -> list[str]:
    return re.findall(r"</?\w+", text)


def test_both_languages_are_there() -> None:
    assert set(LANGUAGES) >= {"de", "uk"}


@every_language
def test_every_text_of_the_code_is_in_the_catalog_and_nothing_else(language: str) -> None:
    written = {message.id if isinstance(message.id, str) else tuple(message.id) for message in messages(language)}

    assert in_the_code() - written == set()
    assert written - in_the_code() == set()
    assert catalog(language).obsolete == {}


@every_language
def test_every_text_is_translated_and_none_is_only_guessed(language: str) -> None:
    assert [message.id for message in messages(language) if not forms(message) or not all(forms(message))] == []
    assert [message.id for message in messages(language) if message.fuzzy] == []
    assert Languages([language]).untranslated(language) == 0


@every_language
def test_a_translation_has_the_placeholders_and_tags_of_its_id(language: str) -> None:
    for message in messages(language):
        for form in forms(message):
            assert placeholders(form) in [placeholders(id) for id in ids(message)], message.id
            assert tags(form) in [tags(id) for id in ids(message)], message.id


@every_language
def test_what_depends_on_a_number_names_it_in_every_form(language: str) -> None:
    for message in messages(language):
        if message.pluralizable:
            assert all("{n}" in form for form in forms(message)), message.id


@every_language
def test_a_catalog_is_sorted_and_says_nothing_about_who_made_it_where(language: str) -> None:
    written = [ids(message)[0] for message in messages(language)]
    text = (LOCALES / language / "LC_MESSAGES" / "bot.po").read_text(encoding="utf-8")

    assert written == sorted(written)
    assert [line for line in text.splitlines() if line.startswith(("#:", "#~", "#, fuzzy"))] == []
    assert not re.search(r"POT-Creation-Date|PO-Revision-Date|Last-Translator|@(?!example)", text)


# ---------------------------------------------------------------------- numbers

ONE, FEW, MANY = 0, 1, 2
PLURALS = {
    "de": (2, {0: 1, 1: 0, 2: 1, 5: 1, 11: 1, 21: 1, 101: 1}),
    "uk": (
        3,
        {
            **dict.fromkeys((1, 21, 31, 101, 121, 1001), ONE),
            **dict.fromkeys((2, 3, 4, 22, 23, 24, 102, 1002), FEW),
            **dict.fromkeys((0, 5, 6, 10, 11, 12, 13, 14, 15, 20, 25, 100, 111, 112, 113, 114, 1000, 1011), MANY),
        },
    ),
}


@every_language
def test_a_number_picks_the_right_form(language: str) -> None:
    how_many, expected = PLURALS[language]
    languages = Languages([language])
    counted = [message for message in messages(language) if message.pluralizable]

    assert counted
    for message in counted:
        assert len(forms(message)) == how_many
        for n, form in expected.items():
            one, other = ids(message)
            shown = languages.plain(_n(one, other, n), language)
            assert shown == forms(message)[form].format(n=n)


def test_within_some_working_days_is_a_genitive() -> None:
    def promised(n: int) -> str:
        one, other = "We answer within {n} working day.", "We answer within {n} working days."
        return Languages(["uk"]).plain(_n(one, other, n), "uk").partition("протягом ")[2]

    assert [promised(n) for n in (1, 2, 5)] == ["1 робочого дня.", "2 робочих днів.", "5 робочих днів."]
    assert [promised(n) for n in (11, 21, 22)] == ["11 робочих днів.", "21 робочого дня.", "22 робочих днів."]


# ---------------------------------------------------------------------- wording


@every_language
def test_a_text_fits_on_a_small_screen(language: str) -> None:
    assert [text for text in texts(language) if len(text) > LONGEST] == []


@every_language
def test_sentences_are_short(language: str) -> None:
    sentences = [sentence for text in texts(language) for sentence in re.split(r"[.!?](?:\s|$)|\n", text)]

    assert [sentence for sentence in sentences if len(re.findall(r"\w[\w’-]*", sentence)) > LONGEST_SENTENCE] == []


@every_language
def test_what_can_be_begun_fits_on_a_button(language: str) -> None:
    languages = Languages([language])
    labels = [languages.plain(each.label, language) for each in conversations(profile.read("dortmund-schytomyr"))]

    assert [label for label in labels if len(label) > LONGEST_LABEL] == []


@every_language
def test_nobody_is_told_of_an_error(language: str) -> None:
    """What to do next is said instead."""
    assert matching(r"(?i)fehler|помилк|error", language) == []


@every_language
def test_no_word_mixes_latin_and_cyrillic_letters(language: str) -> None:
    assert matching(rf"[{LATIN}][{CYRILLIC}]|[{CYRILLIC}][{LATIN}]", language) == []


@every_language
def test_apostrophes_and_quotation_marks_are_the_printed_ones(language: str) -> None:
    others = {"de": "'ʼ\"`«»”", "uk": "'ʼ\"`„“”"}[language]
    without_tags = [re.sub(r"<[^>]+>", "", text) for text in texts(language)]

    assert [text for text in without_tags if set(others) & set(text)] == []


@every_language
def test_dashes_are_those_of_the_language(language: str) -> None:
    assert matching({"de": " — ", "uk": " – "}[language], language) == []


def test_ukrainian_has_no_russian_letters() -> None:
    assert matching("(?i)[ыэъё]", "uk") == []


def test_german_says_sie() -> None:
    assert matching(r"(?i)\b(?:du|dich|dir|dein\w*|euch|euer|eure\w*)\b", "de") == []


def test_german_names_all_genders_without_signs() -> None:
    assert matching(r"\w[*:_/·]in|[a-zäöü]In(?:nen)?\b", "de") == []


def test_ukrainian_says_vy() -> None:
    assert matching(r"(?i)\b(?:ти|тебе|тобі|тобою|твій|твоя|твоє|твої|твого|твою|твоїх|твоєму)\b", "uk") == []


def test_ukrainian_writes_vy_with_a_capital_to_one_person_and_without_to_many() -> None:
    to_many = {
        "This is an automatic message. More: {page}",
        "No more news: STOP\nChange topics: TOPICS\nQuestion to our team: PERSON",
    }
    addressed = {message.id: re.findall(VY, " ".join(forms(message)), re.IGNORECASE) for message in messages("uk")}

    assert to_many <= addressed.keys()
    assert [word for id, words in addressed.items() if id not in to_many for word in words if word[0] == "в"] == []
    assert [word for id, words in addressed.items() if id in to_many for word in words if word[0] == "В"] == []


def test_ukrainian_does_not_guess_anybody_s_gender() -> None:
    """Neither the person's («Ви зареєстрований») nor the program's («я зрозумів»)."""
    assert matching(r"(?i)\bзареєстрован(?:ий|а)\b", "uk") == []
    assert matching(r"(?i)\bя (?:не )?\w+(?:в|ла)\b", "uk") == []


# ---------------------------------------------------------------------- words to type, buttons to press


@every_language
def test_the_words_that_a_text_names_are_understood_and_mean_the_same(language: str) -> None:
    for message in messages(language):
        for form in forms(message):
            named = [what_it_does(word) for word in COMMAND.findall(form)]
            assert all(named), form
            assert named == [what_it_does(word) for word in COMMAND.findall(ids(message)[-1])], form


def what_it_does(word: str) -> str:
    """Return the act that a word means; `chat` for the one that stands for a contact; '' if it is not understood."""
    try:
        return word_list().act(word) or check_contact(word)
    except Invalid:
        return ""


@every_language
def test_a_button_that_a_text_names_is_called_so(language: str) -> None:
    languages = Languages([language])
    begin, end = {"de": ("„", "“"), "uk": ("«", "»")}[language]
    for message in messages(language):
        for id, form in zip(ids(message), forms(message), strict=False):
            for button in re.findall("“(.+?)”", id):
                assert f"{begin}{languages.plain(_(button), language)}{end}" in form
