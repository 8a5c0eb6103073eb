"""What volunteers experience, in German."""

import pytest

from tests.bridge import Somebody, Town

AGREE = "Ja, ich bin einverstanden"
SAVE = "Stimmt, speichern"


async def comes_to_the_name(thomas: Somebody, *roles: str) -> None:
    await thomas.picks("Ich möchte helfen", AGREE, "Ja", *(roles or ("Dolmetschen",)), "Fertig")
    await thomas.picks("Deutsch", "Ukrainisch", "Fertig", "Am Abend", "Fertig", "Hörde", "Ja")
    await thomas.sees("Wie heißen Sie?")


async def offers(thomas: Somebody, name: str = "Thomas Beispiel", contact: str = "chat") -> str:
    """Offer help and return the reference."""
    await comes_to_the_name(thomas)
    await thomas.writes(name)
    await thomas.sees("Wie erreicht Sie unser Team?")
    await thomas.writes(contact)
    await thomas.picks("Überspringen", SAVE)
    await thomas.sees("Ihr Angebot ist angekommen")
    arrived: str = next(m.text for m in thomas.news() if "Nummer: " in m.text)
    return arrived.split("Nummer: ")[1].split(maxsplit=1)[0]


async def test_somebody_offers_help_and_gets_a_number(bot: Town, volunteer: Somebody) -> None:
    await comes_to_the_name(volunteer)
    await volunteer.writes("Thomas  Beispiel")
    await volunteer.writes("0231 / 50-12345")
    await volunteer.sees("Schreiben Sie für eine Organisation?")
    await volunteer.writes("Nachbarschaft e.V.")
    await volunteer.sees(
        "Aufgaben: Dolmetschen",
        "Sprachen: Deutsch; Ukrainisch",
        "Zeiten: Am Abend",
        "Stadtbezirk: Hörde",
        "Name: Thomas Beispiel",
        "Kontakt: 02315012345",
        "Organisation: Nachbarschaft e.V.",
    )
    await bot.restart()
    await volunteer.picks(SAVE)
    assert await volunteer.sees("Nummer: H-", "innerhalb von 2 Arbeitstagen", "noch mit niemandem")
    assert await bot.rows("SELECT roles, spoken, times, district, name, contact, organisation FROM offers") == [
        (
            '["interpreting"]',
            '["de", "uk"]',
            '["evenings"]',
            "hoerde",
            "Thomas Beispiel",
            "02315012345",
            "Nachbarschaft e.V.",
        )
    ]
    assert await bot.rows("SELECT purpose FROM consents") == [("volunteer",)]


async def test_the_office_hears_of_a_new_offer_with_the_name_as_text(office: Somebody, volunteer: Somebody) -> None:
    reference = await offers(volunteer, name="Thomas <b>&lt;i> *Bold* _x_")
    assert await office.sees(f"Neues Hilfsangebot {reference}", "Thomas <b>&lt;i> *Bold* _x_: Dolmetschen")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Anna evil.com", "Anna evil. com"),
        ("Anna https://t.me/x?y=1.2", "Anna https: //t. me/x?y=1. 2"),
        ("10.0.0.1 Anna", "10. 0. 0. 1 Anna"),
        ("Dr.med. Anna-Maria O’Neill", "Dr. med. Anna-Maria O’Neill"),
        ("Нас.Олена П.", "Нас. Олена П."),
        ("A.B. Müller e.V.", "A.B. Müller e.V."),
    ],
)
async def test_nothing_in_a_name_can_be_tapped(office: Somebody, volunteer: Somebody, name: str, shown: str) -> None:
    await offers(volunteer, name=name)
    assert await office.sees("Neues Hilfsangebot", f"{shown}: Dolmetschen")


async def test_roles_with_a_certificate_say_so(bot: Town, volunteer: Somebody) -> None:
    await volunteer.picks("Ich möchte helfen", AGREE, "Ja")
    await volunteer.sees("(N) = Nachweis nötig")
    with_certificate = next(label for label in volunteer.choices() if label.endswith("(N)"))
    await volunteer.picks(with_certificate.removeprefix("☐ "), "Fertig")
    assert await volunteer.sees(bot.city.texts.certificate["de"], "Welche Sprachen sprechen Sie gut?")


async def test_housing_is_not_brokered_and_says_where_to_turn(bot: Town, volunteer: Somebody) -> None:
    await volunteer.picks("Ich möchte helfen", AGREE, "Ja", "Ich möchte Wohnraum anbieten")
    assert await volunteer.sees(bot.city.texts.housing["de"], "Wie möchten Sie helfen?")


async def test_without_the_rules_nothing_is_kept(bot: Town, volunteer: Somebody) -> None:
    await volunteer.picks("Ich möchte helfen", AGREE, "Ja", "Dolmetschen", "Fertig", "Deutsch", "Fertig")
    await volunteer.picks("Überspringen", "Überspringen", "Nein")
    assert await volunteer.sees("Ohne diese Regeln")
    assert await bot.rows("SELECT * FROM offers") == []
    assert await bot.rows("SELECT * FROM conversations") == []


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("thomas@", "nicht vollständig. So soll sie aussehen: name@example.org"),
        ("thomas@example", "nicht vollständig. So soll sie aussehen: name@example.org"),
        ("12 34", "mit Vorwahl"),
        ("rufen Sie mich an", "eine Telefonnummer, eine E-Mail-Adresse oder CHAT"),
        ("1" * 40, "mit Vorwahl"),
        ("thomas@example.org oder 0231 1234567", "nur eins"),
    ],
)
async def test_a_contact_that_cannot_be_right_gets_a_helpful_answer(
    volunteer: Somebody, written: str, answer: str
) -> None:
    await comes_to_the_name(volunteer)
    await volunteer.writes("Thomas Beispiel")
    await volunteer.sees("Wie erreicht Sie")
    await volunteer.writes(written)
    assert await volunteer.sees(answer, "Wie erreicht Sie unser Team?")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+49 (231) 50-0", "+49231500"),
        ("thomas@example.org", "thomas@example.org"),
        ("Chat", "chat"),
        ("ЧАТ", "chat"),
    ],
)
async def test_a_contact_is_kept_in_one_form(bot: Town, volunteer: Somebody, written: str, kept: str) -> None:
    await offers(volunteer, contact=written)
    assert await bot.rows("SELECT contact FROM offers") == [(kept,)]


@pytest.mark.parametrize(("written", "answer"), [("12345", "mit Buchstaben"), ("x" * 101, "höchstens 100 Zeichen")])
async def test_a_name_that_cannot_be_right_is_asked_again(volunteer: Somebody, written: str, answer: str) -> None:
    await comes_to_the_name(volunteer)
    await volunteer.writes(written)
    assert await volunteer.sees(answer, "Wie heißen Sie?")


async def test_an_offer_is_seen_changed_paused_and_withdrawn(bot: Town, volunteer: Somebody) -> None:
    reference = await offers(volunteer)
    await volunteer.picks("☰ Menü", "Ich möchte helfen")
    await volunteer.sees("Ihr Hilfsangebot", f"Nummer: {reference}", "Kontakt: dieser Chat")
    await volunteer.picks("Mein Angebot ändern", "Ändern: Stadtbezirk", "Mehr …", "Mengede", SAVE)
    await volunteer.sees(reference)
    assert await bot.rows("SELECT district, reference FROM offers") == [("mengede", reference)]
    await volunteer.picks("☰ Menü", "Ich möchte helfen", "Pause machen")
    await volunteer.sees("Ihr Angebot macht Pause")
    await volunteer.picks("Ihr Hilfsangebot", "Wieder helfen")
    await volunteer.sees("Ihr Angebot gilt wieder")
    await volunteer.picks("Ihr Hilfsangebot", "Mein Angebot zurückziehen", "Nein")
    await volunteer.sees(reference)
    await volunteer.picks("Mein Angebot zurückziehen", "Ja")
    assert await volunteer.sees("Ihr Angebot ist gelöscht")
    assert await bot.rows("SELECT * FROM offers") == []
    assert await bot.rows("SELECT * FROM consents") == []


async def test_no_is_no_organisation(bot: Town, volunteer: Somebody) -> None:
    await comes_to_the_name(volunteer)
    await volunteer.writes("Thomas Beispiel")
    await volunteer.sees("Wie erreicht Sie")
    await volunteer.writes("chat")
    await volunteer.sees("Organisation")
    await volunteer.writes("keine")
    await volunteer.sees("Organisation: keine Angabe")
    await volunteer.writes("abbrechen")
    assert await volunteer.sees("Alles bleibt, wie es war")
    assert await bot.rows("SELECT * FROM offers") == []
