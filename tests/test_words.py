"""People are understood however they write: their keyboard, their language, their habits."""

import tomllib
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import profile
from bot.words import LONGEST, Match, choose, choose_several, clean, fitting, normal, word_list

WORDS_FILE = Path(__file__).parent.parent / "locales" / "words.toml"

ACTS = {
    "stop": "STOP stop Stopp STOPP! abmelden Abmelden. СТОП стоп «Стоп» ВІДПИСАТИСЯ відписатись отписаться unsubscribe",
    "resume": "START start Anmelden СТАРТ старт! Підписатися подписаться /start",
    "menu": "MENÜ menü Menue MENUE Menu menu МЕНЮ меню Меню. /menu M м Hauptmenü Anfang",
    "person": "MENSCH Mensch team Team! ЛЮДИНА людина КОМАНДА человек human оператор",
    "data": "DATEN daten ДАНІ дані данные",
    "delete": "LÖSCHEN löschen LOESCHEN loeschen Loschen ВИДАЛИТИ видалити Видалити! удалить delete",
    "topics": "THEMEN themen ТЕМИ теми темы topics",
    "language": "SPRACHE sprache МОВА мова язык language",
    "privacy": "DATENSCHUTZ Datenschutz ПРИВАТНІСТЬ privacy",
    "imprint": "IMPRESSUM impressum imprint Відомості",
    "emergency": "NOTFALL Notfall! SOS sos Notruf РЯТУЙТЕ рятуйте!!! спасите 112",
    "help": "HILFE hilfe Hilfe?? ДОПОМОГА Допоможіть! помощь помогите help ? ???",
    "verify": "ECHT echt? PRÜFEN pruefen Prufen ПЕРЕВІРИТИ проверить",
    "skip": "WEITER weiter ÜBERSPRINGEN ueberspringen Uberspringen ДАЛІ далі Пропустити дальше далее пропустить skip",
    "back": "ZURÜCK zurück zurueck Zuruck НАЗАД назад back",
    "cancel": "ABBRECHEN abbrechen Abbruch СКАСУВАТИ скасувати Відміна отмена отменить cancel",
    "zero": "0 0. (0) /0 0️⃣ ０",
}
SEVERAL_WORDS = [
    ("data", "MEINE DATEN"),
    ("data", "meine  Daten"),
    ("data", "МОЇ ДАНІ"),
    ("data", "мої дані."),
    ("data", "мои данные"),
    ("privacy", "ЗАХИСТ ДАНИХ"),
    ("privacy", "Захист даних"),
    ("privacy", "защита данных"),
    ("imprint", "ПРО НАС"),
    ("imprint", "про нас?"),
    ("delete", "alles löschen"),
    ("delete", "видалити все"),
    ("delete", "удалить всё"),
    ("delete", "удалить все"),
    ("menu", "головне меню"),
    ("menu", "на початок"),
    ("emergency", "Екстрена допомога"),
]
LOOK_ALIKES = [
    ("stop", "CTOП"),  # Latin C, T and O
    ("stop", "СТOП"),
    ("stop", "SТОР"),  # Cyrillic Т, О and Р
    ("resume", "CTAPT"),
    ("menu", "MEHЮ"),
    ("menu", "меню".replace("е", "e")),
    ("menu", "МENÜ"),  # Cyrillic М
    ("delete", "ВИДAЛИTИ"),
    ("topics", "TEMИ"),
    ("topics", "ТНЕМЕN"),  # Cyrillic Т, Н, Е, М
    ("language", "MOBA"),
    ("data", "ДAHI"),
    ("data", "MOÏ ДAHI"),
    ("back", "HAЗAД"),
]
SIGNS = [
    ("stop", "\u200eСТОП\u200f"),
    ("stop", "СТ\u200bОП"),
    ("stop", "стоп 🙏"),
    ("stop", "  стоп \n"),
    ("stop", "*STOP*"),
    ("stop", "„Stop“"),
    ("stop", "__stop__"),
    ("menu", "Menu\u0308"),  # ü in two characters
    ("menu", "ＭＥＮＵ"),
    ("menu", "- меню"),
    ("menu", "ме\u0301ню"),  # with a sign of stress
    ("cancel", "Вi\u0434мі\u043dа"),
    ("verify", "Echt?"),
]
ROWS = [
    *((act, word) for act, words in ACTS.items() for word in words.split()),
    *SEVERAL_WORDS,
    *LOOK_ALIKES,
    *SIGNS,
]


@pytest.mark.parametrize(("act", "typed"), ROWS)
def test_a_word_means_the_same_however_it_is_typed(act: str, typed: str) -> None:
    assert word_list().act(typed) == act


@pytest.mark.parametrize(
    "typed",
    ["", " ", "Stopschild", "stop it", "menü bitte nicht", "Людмила", "дані про школу", "Hilfstransport", "100"],
)
def test_a_sentence_is_not_taken_for_a_command(typed: str) -> None:
    assert word_list().act(typed) == ""


def table(name: str) -> list[tuple[str, str]]:
    """Return each word of a part of the word list with its meaning."""
    read = tomllib.loads(WORDS_FILE.read_text(encoding="utf-8"))
    around = read.pop("around")
    parts = {name: read.pop(name) for name in ("answers", "numbers", "languages")} | {"acts": read, "around": around}
    return [(word, meaning) for meaning, words in parts[name].items() for word in words]


@pytest.mark.parametrize("change", [str, str.upper, str.lower, "«{}»".format])
def test_every_word_of_the_list_means_what_it_stands_for(change: Callable[[str], str]) -> None:
    """No other meaning has taken it."""
    known = word_list()

    assert [word for word, act in table("acts") if known.act(change(word)) != act] == []
    assert [word for word, answer in table("answers") if known.answer(change(word)) != answer] == []
    assert [word for word, number in table("numbers") if known.number(change(word)) != int(number)] == []
    assert [word for word, language in table("languages") if known.language(change(word)) != language] == []


def test_what_is_only_politeness_changes_no_answer() -> None:
    """Else "nicht" could be overlooked, or "eins" taken for "please"."""
    known, polite = word_list(), [word for word, kind in table("around") if kind == "polite"]

    assert [word for word in polite if known.act(word) or known.number(word) is not None] == []
    assert [word for word in polite if known.answer(word) not in ("", "yes")] == []
    assert [word for word, kind in table("around") if kind == "negations" and known.answer(word) == "yes"] == []


ANSWERS = [
    ("yes", "ja"),
    ("yes", "JA!"),
    ("yes", "Ja, gerne"),
    ("yes", "ja bitte"),
    ("yes", "ok"),
    ("yes", "ОК"),
    ("yes", "Так"),
    ("yes", "так, будь ласка"),
    ("yes", "да"),
    ("yes", "Згодна."),
    ("yes", "+"),
    ("yes", "👍"),
    ("yes", "👍🏽"),
    ("yes", "✅"),
    ("no", "nein"),
    ("no", "Nein, danke!"),
    ("no", "Ні"),
    ("no", "ні, дякую"),
    ("no", "нет"),
    ("no", "не згодна"),
    ("no", "👎🏻"),
    ("done", "fertig"),
    ("done", "Готово!"),
    ("done", "F"),
    ("done", "г."),
    ("more", "mehr"),
    ("more", "Ще …"),
    ("more", "nächste Seite"),
    ("all", "alle"),
    ("all", "усі"),
    ("all", "всі"),
    ("all", "всё"),
    ("", "vielleicht"),
    ("", "так чи ні"),
    ("", "ja nein"),
    ("", ""),
]


@pytest.mark.parametrize(("meaning", "typed"), ANSWERS)
def test_yes_no_done_and_all_are_understood(meaning: str, typed: str) -> None:
    assert word_list().answer(typed) == meaning


NUMBERS = {
    1: "1|1.|1)|(1)|01|eins|Erste|один|ОДНА|перша|первая|1️⃣|１|①",
    2: " 2 |Nr. 2|nr2|Nummer 2|№2|№ 2|# 2|номер 2|2-й|2-а|zwo|дві|две",
    3: "3!|3te|dritte|третє|Antwort 3|відповідь 3|«3»|/3|3️⃣|٣",
    5: "fünf|fuenf|funf|FÜNF|п’ять|п'ять|пʼять|п`ять|п´ять|пять|П'ЯТИЙ",
    9: "neun|дев’ять|девять|дев'ята",
    10: "10|🔟|zehn|десять|１０",
    12: "zwölf|zwoelf|дванадцять|12.",
}


@pytest.mark.parametrize(
    ("number", "typed"), [(number, typed) for number, row in NUMBERS.items() for typed in row.split("|")]
)
def test_a_number_is_understood_in_digits_and_in_words(number: int, typed: str) -> None:
    assert word_list().number(typed) == number


@pytest.mark.parametrize(
    "typed", ["", "1 3", "1,3", "1.5", "1-3", "1000", "6–9", "10:30", "zwei drei", "двері", "half", "½", "1️⃣3️⃣"]
)
def test_what_is_not_one_number_is_none(typed: str) -> None:
    assert word_list().number(typed) is None


TOPICS = [
    ("Hilfstransporte und Spenden", "Гуманітарна допомога"),
    ("Wiederaufbau und Energie", "Відбудова й енергетика"),
    ("Verwaltung und Digitalisierung", "Управління містом і цифровізація"),
    ("Wirtschaft und Innovation", "Економіка та інновації"),
    ("Gesundheit und Kliniken", "Медицина й лікарні"),
    ("Kinder und Jugend", "Діти та молодь"),
    ("Kultur, Musik, Sport", "Культура, музика, спорт"),
    ("Schule, Hochschule, Sprache", "Школа, університет, мова"),
    ("Veranstaltungen in Dortmund", "Заходи в Дортмунді"),
]
PLACES = [
    ("In Dortmund", "У Дортмунді"),
    ("In der Nähe von Dortmund", "Поблизу Дортмунда"),
    ("In der Region Schytomyr", "На Житомирщині"),
    ("Woanders", "В іншому місці"),
]
RAIONS = [
    ("Stadt Schytomyr", "Місто Житомир"),
    ("Rajon Schytomyr", "Житомирський район"),
    ("Rajon Berdytschiw", "Бердичівський район"),
    ("Rajon Korosten", "Коростенський район"),
    ("Rajon Swjahel", "Звягельський район"),
    ("Andere Region", "Інша область"),
]
AGES = [("6 bis 9 Jahre", "6–9 років"), ("10 bis 13 Jahre", "10–13 років"), ("14 bis 17 Jahre", "14–17 років")]
DISTRICTS = [
    *[(name,) for name in ("Innenstadt-West", "Innenstadt-Nord", "Innenstadt-Ost", "Eving", "Scharnhorst", "Brackel")],
    *[(name,) for name in ("Aplerbeck", "Hörde", "Hombruch", "Lütgendortmund", "Huckarde", "Mengede")],
    ("Überall in Dortmund", "Будь-де в Дортмунді"),
]
CONSENT = [("Ja, ich bin einverstanden", "Так, я погоджуюся"), ("Nein", "Ні")]
DELETE = [("Ja, alles löschen", "Так, видалити все"), ("Nein, behalten", "Ні, залишити")]
REVIEW = [
    ("✓ Stimmt, speichern", "✓ Усе правильно, зберегти"),
    ("Ändern: Themen", "Змінити: Теми"),
    ("Ändern: Wohnort", "Змінити: Де Ви живете"),
]

ONE = [
    # by number
    (PLACES, "1", 0),
    (PLACES, "4", 3),
    (PLACES, "0", None),
    (PLACES, "5", None),
    (PLACES, "-1", 0),  # a dash in front is a list's, not a sign
    (PLACES, "drei", 2),
    (PLACES, "третя", 2),
    (PLACES, "2️⃣", 1),
    (PLACES, "３", 2),
    (PLACES, "№ 4", 3),
    (DISTRICTS, "13", 12),
    (DISTRICTS, "zwölf", 11),
    (DISTRICTS, "14", None),
    # by label, in either language
    (PLACES, "In Dortmund", 0),
    (PLACES, "in dortmund!", 0),
    (PLACES, "у дортмунді", 0),
    (PLACES, "In der Naehe von Dortmund", 1),
    (PLACES, "in der nahe von dortmund", 1),
    (PLACES, "«На Житомирщині»", 2),
    (PLACES, "woanders", 3),
    (TOPICS, "Kultur, Musik, Sport", 6),
    (TOPICS, "kultur musik sport", 6),
    (TOPICS, "культура, музика, спорт", 6),
    (DISTRICTS, "Hörde", 7),
    (DISTRICTS, "hoerde", 7),
    (DISTRICTS, "Horde", 7),
    (DISTRICTS, "HÖRDE", 7),
    (DISTRICTS, "Lutgendortmund", 9),
    (DISTRICTS, "Innenstadt-West", 0),
    (DISTRICTS, "innenstadt west", 0),
    (DISTRICTS, "Innenstadt – Nord", 1),
    (DISTRICTS, "будь де в дортмунді", 12),
    (AGES, "6-9 років", 0),
    (AGES, "6–9", 0),
    (AGES, "10—13", 1),
    (AGES, "14 bis 17", 2),
    (REVIEW, "Stimmt, speichern", 0),
    (REVIEW, "усе правильно, зберегти", 0),
    (REVIEW, "Ändern: Themen", 1),
    (REVIEW, "aendern: wohnort", 2),
    # by a word of it, its beginning, a part of it
    (PLACES, "поблизу", 1),
    (PLACES, "житомирщина", 2),
    (PLACES, "Житомирщині", 2),
    (PLACES, "wo", None),
    (PLACES, "woa", 3),
    (TOPICS, "kul", 6),
    (TOPICS, "Hochschule", 7),
    (TOPICS, "спорт", 6),
    (TOPICS, "цифровізація", 2),
    (TOPICS, "цифро", 2),
    (TOPICS, "медицина", 4),
    (TOPICS, "Klinik", 4),
    (TOPICS, "und", None),
    (TOPICS, "та", None),
    (DISTRICTS, "west", 0),
    (REVIEW, "stimmt", 0),
    (REVIEW, "правильно", 0),
    # what fits two is asked again
    (PLACES, "Dortmund", None),
    (PLACES, "in der", None),
    (DISTRICTS, "Innenstadt", None),
    (RAIONS, "rajon", None),
    (RAIONS, "Schytomyr", None),
    (RAIONS, "район", None),
    (REVIEW, "ändern", None),
    # a whole word is nearer than a beginning
    (RAIONS, "Житомир", 0),
    (RAIONS, "житомирський", 1),
    (RAIONS, "Бердичів", 2),
    (RAIONS, "Звягель", 4),
    # Latin letters that look like Cyrillic ones
    (RAIONS, "Micто Житoмиp", 0),
    (TOPICS, "Kyльтура", 6),
    (PLACES, "Hа Житомирщині", 2),
    # a yes or a no in other words
    (CONSENT, "ja", 0),
    (CONSENT, "Ja!", 0),
    (CONSENT, "так", 0),
    (CONSENT, "да", 0),
    (CONSENT, "ok", 0),
    (CONSENT, "+", 0),
    (CONSENT, "👍🏼", 0),
    (CONSENT, "згодна", 0),
    (CONSENT, "einverstanden", 0),
    (CONSENT, "nein", 1),
    (CONSENT, "Nein danke", 1),
    (CONSENT, "ні", 1),
    (CONSENT, "не", 1),
    (CONSENT, "нет", 1),
    (CONSENT, "nicht einverstanden", 1),
    (CONSENT, "не погоджуюся", 1),
    (DELETE, "ja", 0),
    (DELETE, "ні", 1),
    (DELETE, "alles", 0),
    (DELETE, "залишити", 1),
    (TOPICS, "ja", None),
    # nothing at all
    (PLACES, "", None),
    (PLACES, "  ", None),
    (PLACES, "…", None),
    (PLACES, "🙂", None),
    (PLACES, "nirgends", None),
    (PLACES, "'", None),
    ([], "1", None),
    ([], "so", None),
]


@pytest.mark.parametrize(("labels", "typed", "index"), ONE)
def test_one_choice_is_understood(labels: list[tuple[str, ...]], typed: str, index: int | None) -> None:
    match = choose(typed, labels)

    assert (match and match.index) == index


FITTING = [
    (PLACES, "Dortmund", (0, 1)),
    (PLACES, "in der", (1, 2)),
    (DISTRICTS, "Innenstadt", (0, 1, 2)),
    (RAIONS, "район", (1, 2, 3, 4)),
    (REVIEW, "ändern", (1, 2)),
    (PLACES, "in dortmund", ()),
    (PLACES, "woanders", ()),
    (PLACES, "Berlin", ()),
    (PLACES, "2", ()),
    (PLACES, "bitte", ()),
    ([("Так",), ("Так",)], "так", ()),  # all of them say nothing more than the list does
]


@pytest.mark.parametrize(("labels", "typed", "indexes"), FITTING)
def test_all_that_a_word_fits_can_be_named(labels: list[tuple[str, ...]], typed: str, indexes: tuple[int, ...]) -> None:
    assert fitting(typed, labels) == indexes


def test_a_name_that_is_not_shown_may_be_typed_too() -> None:
    labels = [("Українська", "uk"), ("Deutsch", "de")]

    found = [choose(typed, labels) for typed in ("uk", "DE", "deutsch", "Укр", "d")]
    assert found == [Match(0, True), Match(1, True), Match(1, True), Match(0, False), None]


SEVERAL = [
    # numbers
    ("1 3", [0, 2]),
    ("1,3", [0, 2]),
    ("1, 3", [0, 2]),
    ("1;3", [0, 2]),
    ("1/3", [0, 2]),
    ("1+3", [0, 2]),
    ("1 & 3", [0, 2]),
    ("1.3", [0, 2]),
    ("1. 3.", [0, 2]),
    ("1) 3)", [0, 2]),
    ("1\n3", [0, 2]),
    ("1 und 3", [0, 2]),
    ("1, 2 und 3", [0, 1, 2]),
    ("1 і 3", [0, 2]),
    ("1 i 3", [0, 2]),  # the Latin i
    ("1 та 3", [0, 2]),
    ("1 й 3", [0, 2]),
    ("1 и 3", [0, 2]),
    ("1 and 3", [0, 2]),
    ("3 1", [0, 2]),
    ("3 3 1 1", [0, 2]),
    ("1️⃣ 3️⃣", [0, 2]),
    ("1️⃣3️⃣", [0, 2]),
    ("１，３", [0, 2]),
    ("１　３", [0, 2]),
    ("№1, №3", [0, 2]),
    ("Nr. 1 und Nr. 3", [0, 2]),
    ("eins und drei", [0, 2]),
    ("один, три", [0, 2]),
    ("перша і третя", [0, 2]),
    ("один и три", [0, 2]),
    ("п'ять, девять", [4, 8]),
    ("fünf neun", [4, 8]),
    ("9", [8]),
    ("7.", [6]),
    ("(7)", [6]),
    ("10", None),
    ("13", None),
    ("1 10", None),
    ("0 1", None),
    ("1-3", None),  # from 1 to 3, or 1 and 3? we ask again
    ("1 bis 3", None),
    ("nicht 3", None),
    ("не 3", None),
    # labels, words, beginnings
    ("культура, 2", [1, 6]),
    ("2, Kultur", [1, 6]),
    ("Kultur und Schule", [6, 7]),
    ("культура і школа", [6, 7]),
    ("культура та школа", [6, 7]),
    ("Kultur Schule 1", [0, 6, 7]),
    ("Kinder und Jugend", [5]),
    ("Kinder und Jugend, Kultur", [5, 6]),
    ("Kinder und Jugend und Kultur", [5, 6]),
    ("Діти та молодь, медицина", [4, 5]),
    ("діти та молодь і медицина", [4, 5]),
    ("Kultur, Musik, Sport", [6]),
    ("Musik, Gesundheit", [4, 6]),
    ("Wiederaufbau und Energie; Wirtschaft und Innovation", [1, 3]),
    ("відбудова й енергетика\nекономіка та інновації", [1, 3]),
    ("Медицина, школа, Kinder", [4, 5, 7]),
    ("Kyльтура, 2", [1, 6]),
    ("kul, ges", [4, 6]),
    ("Kultur und Quatsch", None),
    ("ein bisschen Kultur", None),
    ("alles außer Kultur", None),
    # all of them
    ("alle", list(range(9))),
    ("Alle!", list(range(9))),
    ("alle Themen", list(range(9))),
    ("усі", list(range(9))),
    ("всі", list(range(9))),
    ("ВСЕ", list(range(9))),
    ("всё", list(range(9))),
    ("усі теми", list(range(9))),
    # nothing
    ("", None),
    (" , ", None),
    (",,,", None),
    ("und", None),
    ("🙂", None),
]


@pytest.mark.parametrize(("typed", "indexes"), SEVERAL)
def test_several_choices_are_understood(typed: str, indexes: list[int] | None) -> None:
    matches = choose_several(typed, TOPICS)

    assert (matches and [*matches.indexes]) == indexes


@pytest.mark.parametrize("typed", ["1 " * 2500, "а" * 5000, ", " * 2500, "Kultur und " * 450, "\u0301" * 5000])
def test_a_very_long_answer_is_understood_or_asked_again(typed: str) -> None:
    matches = choose_several(typed, TOPICS)

    assert (matches and matches.indexes) in (None, (0,), (6,))


def test_no_choice_is_hidden_by_a_word_that_always_works() -> None:
    """Whoever types the whole name of a choice gets the choice."""
    for name in profile.available():
        read = profile.read(name)
        offered = (read.topics, read.places, read.raions, read.age_bands, read.roles, read.spoken, read.districts)
        labels = [item.name[language] for items in offered for item in items for language in read.languages]
        labels += [typed for items in offered for item in items for typed in item.typed]

        assert [label for label in labels if word_list().act(label)] == []


@pytest.mark.parametrize("name", profile.available())
def test_every_choice_of_a_profile_is_understood_by_its_name_and_its_number(name: str) -> None:
    read = profile.read(name)
    for items in (read.topics, read.places, read.raions, read.age_bands, read.roles, read.spoken, read.districts):
        labels = [[*(item.name[language] for language in read.languages), *item.typed] for item in items]
        for index, names in enumerate(labels):
            typed = (str(index + 1), *names, *(label.upper() for label in names), *(f"{label}." for label in names))

            assert {choose(text, labels) for text in typed} == {Match(index, True)}, names


CLEAN = [
    ("Hallo", "Hallo"),
    ("  Привіт \n", "Привіт"),
    ("a\x00b", "ab"),
    ("a\x1b[31mb", "a[31mb"),
    ("a\tb", "a b"),
    ("a\r\nb", "a\nb"),
    ("a\u2028b\u2029c\x85d", "a b c d"),
    ("one\ntwo", "one\ntwo"),
    ("a\ud800b", "ab"),
    ("a\udc00b", "ab"),
    ("\ud83d\ude00", "😀"),  # both halves of a pair belong together
    ("\ud83d", ""),
    ("\u202egnp.exe", "gnp.exe"),
    ("\u200fאב\u200e", "אב"),
    ("\u2066a\u2069", "a"),
    ("\ufeffa\u200bb\u00adc", "abc"),
    ("👨‍👩‍👧", "👨‍👩‍👧"),
    ("❤️‍🔥", "❤️‍🔥"),
    ("👩🏽‍🚒", "👩🏽‍🚒"),
    ("🏳️‍🌈", "🏳️‍🌈"),
    ("🇺🇦 🇩🇪", "🇺🇦 🇩🇪"),
    ("1️⃣", "1️⃣"),
    ("🫩", "🫩"),  # younger than some Pythons
    ("\u200d\u200d", ""),
    ("а\u200dб", "аб"),
    ("\u3164\u2800\uffa0", ""),
    ("\ue000\uffff\ufdd0", ""),
    ("e\u0301", "é"),
    ("и\u0306", "й"),
    ("за\u0301мок", "за\u0301мок"),
    ("", ""),
]


@pytest.mark.parametrize(("written", "kept"), CLEAN)
def test_what_breaks_screens_is_taken_out_and_the_rest_is_kept(written: str, kept: str) -> None:
    assert clean(written) == kept


@pytest.mark.parametrize("between", ["", "\u200b", "\u200d", "\ufe0f\u200d", "\x00", "\u202e"])
def test_towers_of_accents_are_cut(between: str) -> None:
    tower = clean("Z" + ("\u0335\u0321" + between) * 200 + "!")

    assert sum(unicodedata.combining(c) > 0 or unicodedata.category(c) == "Mn" for c in tower) <= 3
    assert (tower[0], tower[-1]) == ("Z", "!")


def test_a_message_is_cut_where_messengers_cut_it() -> None:
    assert len(clean("ї" * 20_000)) == LONGEST


def test_what_was_cleaned_can_be_stored_and_is_clean() -> None:
    everything = "".join(map(chr, range(0x3000))) + "\ud83d\udc00\U000e0067\U0010ffff👨‍👩‍👧"
    for start in range(0, len(everything), LONGEST):
        kept = clean(everything[start : start + LONGEST])

        assert clean(kept) == kept
        assert kept.encode("utf-8").decode("utf-8") == kept
        assert "\x00" not in kept


def test_the_normal_form_of_a_normal_form_is_itself() -> None:
    for typed in (
        [typed for _, typed in ROWS + ANSWERS] + [typed for _, typed, _ in ONE] + [typed for typed, _ in SEVERAL]
    ):
        assert normal(normal(typed)) == normal(typed)
