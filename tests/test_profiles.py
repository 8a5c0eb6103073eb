"""Every profile that comes with the bot can be used, and reads as it should; a broken one says all that is wrong."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import markup, profile
from bot.profile import Localized, Profile, ProfileFaults

every_profile = pytest.mark.parametrize("name", profile.available())

LATIN = "A-Za-zÀ-ÖØ-öø-ÿ"
CYRILLIC = "Ѐ-ӿ"


def texts(part: object, where: str = "") -> Iterator[tuple[str, str, str]]:
    """Return where, language and text of everything that people can read in a profile or a part of it."""
    if isinstance(part, Localized):
        yield from ((where, language, text) for language, text in part.texts.items())
    elif isinstance(part, tuple):
        for entry in part:
            yield from texts(entry, f"{where} {getattr(entry, 'id', '')}".strip())
    elif dataclasses.is_dataclass(part):
        for field in dataclasses.fields(part):
            yield from texts(getattr(part, field.name), f"{where} {field.name}".strip())


def texts_in(read: Profile, language: str) -> list[tuple[str, str]]:
    return [(where, text) for where, its_language, text in texts(read) if its_language == language]


def dialogue(read: Profile) -> list[tuple[str, str]]:
    """Return what people read as one message of a conversation: all but the long texts of the law."""
    return [(where, text) for where, _, text in texts(read) if not re.search("^legal imprint|privacy$", where)]


def ids(items: tuple[profile.Item, ...]) -> list[str]:
    return [item.id for item in items]


def matching(pattern: str, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(where, match[0]) for where, text in found for match in re.finditer(pattern, text)]


def faults_of(path: Path) -> list[str]:
    with pytest.raises(ProfileFaults) as caught:
        profile.read(str(path))
    return caught.value.faults


def test_the_two_cities_are_there() -> None:
    assert profile.available() == ["dortmund-schytomyr", "ludwigshafen-swjahel"]


@every_profile
def test_a_profile_reads_without_faults(name: str) -> None:
    read = profile.read(name)

    assert read.name == name
    assert ZoneInfo(read.time_zone).key == "Europe/Berlin"


@every_profile
def test_ukrainian_comes_first(name: str) -> None:
    assert profile.read(name).languages == ("uk", "de")


@every_profile
def test_ids_stay_as_they_are_stored_with_people(name: str) -> None:
    read = profile.read(name)

    assert ids(read.topics) == [
        *("aid", "rebuilding", "administration", "economy", "health", "children", "culture", "school", "events")
    ]
    assert ids(read.roles) == [
        *("interpreting", "accompanying", "tandem", "mentoring", "childcare", "rides", "goods", "events", "expertise")
    ]
    assert ids(read.places) == ["city", "near", "region", "elsewhere"]
    assert sorted(ids(read.raions)) == ["bd", "ko", "other", "zt", "zt-city", "zv"]
    assert ids(read.age_bands) == ["6-9", "10-13", "14-17"]
    assert ids(read.spoken) == ["de", "uk", "ru", "en", "pl", "other"]


def test_dortmund_has_its_twelve_districts_and_ludwigshafen_its_ten() -> None:
    dortmund = ids(profile.read("dortmund-schytomyr").districts)
    ludwigshafen = ids(profile.read("ludwigshafen-swjahel").districts)

    assert (len(dortmund), dortmund[0]) == (13, "anywhere")
    assert (len(ludwigshafen), ludwigshafen[0]) == (11, "anywhere")


@every_profile
def test_only_the_topic_of_children_asks_for_ages(name: str) -> None:
    assert [topic.id for topic in profile.read(name).topics if topic.about_children] == ["children"]


@every_profile
def test_tasks_alone_with_people_need_a_certificate(name: str) -> None:
    careful = [role.id for role in profile.read(name).roles if role.needs_certificate]

    assert careful == ["mentoring", "childcare", "rides"]


@every_profile
def test_the_emergency_numbers_and_the_line_for_minors_are_there(name: str) -> None:
    read = profile.read(name)
    numbers = [line.number for line in read.helplines]

    assert numbers[:2] == ["112", "110"]
    assert len(set(numbers)) == len(numbers)
    assert read.helpline_for_minors == "116 111"
    assert read.helpline_for_minors in numbers


@every_profile
def test_at_least_six_questions_are_answered(name: str) -> None:
    assert len(profile.read(name).questions) >= 6


def test_dortmund_has_all_that_the_law_asks_for() -> None:
    legal = profile.read("dortmund-schytomyr").legal

    assert all((*legal.imprint.texts.values(), legal.privacy_contact))


def test_what_ludwigshafen_has_not_confirmed_is_empty() -> None:
    legal = profile.read("ludwigshafen-swjahel").legal

    assert not any((*legal.imprint.texts.values(), legal.privacy_contact))


@every_profile
def test_every_text_is_there_in_both_languages(name: str) -> None:
    read = profile.read(name)
    may_be_empty = {"legal imprint"}

    assert [where for where, _, text in texts(read) if not text and where not in may_be_empty] == []
    assert {where for where, _ in texts_in(read, "uk")} == {where for where, _ in texts_in(read, "de")}


@every_profile
def test_a_place_of_another_city_is_not_left_in_a_profile(name: str) -> None:
    another = "Ludwigshafen|Людвігсгафен" if name.startswith("dortmund") else "Dortmund|Дортмунд|NRW|stadtdo"
    read = profile.read(name)

    assert matching(another, texts_in(read, "de") + texts_in(read, "uk")) == []
    assert not re.search(another, f"{read.office} {read.legal.privacy_contact}")


@every_profile
def test_nothing_said_in_dialogue_is_longer_than_400_characters(name: str) -> None:
    # The card of the bot has limits of its own, which reading a profile checks.
    said = [(where, text) for where, text in dialogue(profile.read(name)) if where != "bot description"]

    assert [(where, len(text)) for where, text in said if len(markup.plain(text)) > 400] == []


@every_profile
def test_no_sentence_in_dialogue_is_longer_than_15_words(name: str) -> None:
    sentences = [
        (where, sentence)
        for where, text in dialogue(profile.read(name))
        for sentence in re.split(r"[.!?:](?:\s|$)|\n", markup.plain(text))
    ]

    assert [(where, said) for where, said in sentences if len(re.findall(r"[^\W\d_]+", said)) > 15] == []


@every_profile
def test_what_can_be_chosen_fits_on_a_button(name: str) -> None:
    read = profile.read(name)
    chosen = (read.topics, read.places, read.raions, read.age_bands, read.roles, read.spoken, read.districts)
    labels = [*texts(chosen), *texts(read.texts.from_region)]
    labels += [label for question in read.questions for label in texts(question.question)]

    assert [(text, len(text)) for _, _, text in labels if len(text) > 40] == []


@every_profile
def test_the_markup_of_every_text_is_sound(name: str) -> None:
    for where, _, text in texts(profile.read(name)):
        assert markup.parse(text) or text == "", where
        assert not re.search(r"&(?!(?:amp|lt|gt|quot);)", text), where


@every_profile
def test_ukrainian_has_no_russian_letters(name: str) -> None:
    assert matching("[ыэъёЫЭЪЁ]", texts_in(profile.read(name), "uk")) == []


@every_profile
def test_no_word_mixes_latin_and_cyrillic_letters(name: str) -> None:
    mixed = rf"\w*(?:[{LATIN}][{CYRILLIC}]|[{CYRILLIC}][{LATIN}])\w*"
    read = profile.read(name)

    assert matching(mixed, texts_in(read, "uk") + texts_in(read, "de")) == []
    assert matching(f"[{CYRILLIC}]+", texts_in(read, "de")) == []


@every_profile
def test_ukrainian_has_one_kind_of_apostrophe(name: str) -> None:
    assert matching("['ʼ‘`´]", texts_in(profile.read(name), "uk")) == []


@every_profile
def test_people_are_addressed_politely(name: str) -> None:
    read = profile.read(name)

    assert matching(r"\b(?:ви|вам|вас|вами|ваш\w*)\b", texts_in(read, "uk")) == []
    assert matching(r"\b(?:du|dir|dich|dein\w*|ihr|euch|euer)\b", texts_in(read, "de")) == []


@every_profile
def test_german_needs_no_star_to_mean_everybody(name: str) -> None:
    assert matching(r"\w+(?:[*:_]in\w*|Innen\b)", texts_in(profile.read(name), "de")) == []


@every_profile
def test_nobody_reads_of_errors_or_lord_mayors(name: str) -> None:
    read = profile.read(name)

    assert matching("(?i)fehler|помилк|лорд", texts_in(read, "de") + texts_in(read, "uk")) == []


@every_profile
def test_the_notice_names_the_words_that_delete_everything(name: str) -> None:
    legal = profile.read(name).legal

    for text in (legal.privacy_short, legal.privacy):
        assert "LÖSCHEN" in text["de"]
        assert "ВИДАЛИТИ" in text["uk"]


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A profile in a folder of its own, to be broken."""
    path = tmp_path / "draft.toml"
    path.write_text((profile.FOLDER / "dortmund-schytomyr.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old} is there {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_profile_may_stand_anywhere(draft: Path) -> None:
    assert profile.read(str(draft)).name == "draft"


def test_all_that_is_wrong_is_said_at_once_in_one_sentence_each(draft: Path) -> None:
    change(draft, 'time_zone = "Europe/Berlin"\n', "")  # a missing key
    change(draft, "working_days_to_answer = 2", 'working_days_to_answer = "two"')  # a wrong type
    change(draft, '{ de = "Wirtschaft und Innovation", uk = "Економіка та інновації" }', '{ de = "Wirtschaft" }')
    change(draft, 'id = "ko"', 'id = "bd"')  # the same id twice
    change(draft, 'id = "tandem"', 'id = "Tandem!"')
    change(draft, 'privacy_version = "2026-11"', 'privacy_version = ""')
    change(draft, 'de = "Brücke Dortmund–Schytomyr"', f'de = "{"B" * 65}"')

    assert faults_of(draft) == [
        "Profile draft.toml: profile lacks time_zone.",
        "Profile draft.toml: [bot]: name in de is longer than 64 characters.",
        "Profile draft.toml: [office]: working_days_to_answer should be of the kind int.",
        "Profile draft.toml: [legal]: privacy_version is empty.",
        "Profile draft.toml: topics 4: name lacks the language uk.",
        "Profile draft.toml: raions has the same id twice.",
        "Profile draft.toml: roles 3: the id 'Tandem!' may hold up to 20 of a-z, 0-9 and the hyphen.",
    ]


def test_names_that_may_be_typed_are_names_and_mean_one_entry_each(draft: Path) -> None:
    change(draft, 'typed = ["музыка"]', 'typed = "музыка"')
    change(draft, 'typed = ["русский"]', 'typed = ["р"]')  # a letter may be a key
    change(draft, 'typed = ["польский"]', 'typed = ["польский", "English", "Deutsch"]')
    change(draft, 'typed = ["английский"]', 'typed = ["english"]')

    assert faults_of(draft) == [
        "Profile draft.toml: topics 7: typed should be of the kind list.",
        "Profile draft.toml: spoken 3: typed should be a list of names with two letters or more.",
        "Profile draft.toml: spoken: 'deutsch' stands for two entries, so it would mean neither.",
        "Profile draft.toml: spoken: 'english' stands for two entries, so it would mean neither.",
    ]


@every_profile
def test_what_may_be_typed_is_shown_to_nobody(name: str) -> None:
    read = profile.read(name)
    offered = (read.topics, read.places, read.raions, read.spoken, read.districts)
    russian = {typed for items in offered for item in items for typed in item.typed if re.search("[ыэъё]", typed)}

    assert russian
    assert [where for where, _, text in texts(read) if text in russian] == []


def test_an_empty_profile_says_everything_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "empty.toml"
    path.write_text("", encoding="utf-8")

    faults = faults_of(path)

    for field in dataclasses.fields(Profile):
        assert field.name == "name" or any(f"lacks {field.name}." in fault for fault in faults), field.name


def test_a_text_may_be_the_same_in_every_language(draft: Path) -> None:
    hoerde = next(district for district in profile.read(str(draft)).districts if district.id == "hoerde")

    assert (hoerde.name["uk"], hoerde.name["de"]) == ("Hörde", "Hörde")


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.toml"
    path.write_text("just some notes", encoding="utf-8")

    (fault,) = faults_of(path)

    assert fault.startswith("The profile notes.toml is not valid TOML:")


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(ProfileFaults) as caught:
        profile.read("atlantis")

    assert caught.value.faults == [
        "There is no profile 'atlantis'. There are: dortmund-schytomyr, ludwigshafen-swjahel.",
    ]
