"""What the office hears of volunteers, and how it writes to one of them."""

from bot.staff import Role
from tests.bridge import Somebody, Town
from tests.test_volunteers import offers


async def test_the_office_writes_to_a_volunteer_who_left_only_this_chat(
    bot: Town, office: Somebody, volunteer: Somebody
) -> None:
    reference = await offers(volunteer)
    await office.sees("Kontakt: dieser Chat")
    await office.picks("Dieser Person schreiben")
    await office.sees("Was möchten Sie Thomas Beispiel schreiben?")
    await office.writes("Haben Sie am <Montag> Zeit?")
    await office.sees("Sollen wir das so senden?", "Haben Sie am <Montag> Zeit?")
    volunteer.look()
    await office.picks("✉ Jetzt senden")
    assert await volunteer.sees(
        f"Nachricht von unserem Team zu Ihrem Angebot {reference}",
        "Haben Sie am <Montag> Zeit?",
        bot.city.office.telephone,
    )
    assert await office.sees("Wir senden Ihre Nachricht jetzt")


async def test_nobody_else_can_write_to_a_volunteer(bot: Town, volunteer: Somebody, refugee: Somebody) -> None:
    reference = await offers(volunteer)
    await refugee.forges(f"go:write-to:{reference}")
    await refugee.sees("Що Ви хочете зробити?")
    code = await bot.invitation(Role.EDITOR)
    maria = bot.somebody("Maria", "de")
    await maria.writes(f"/start join-{code}")
    await maria.picks("Deutsch")
    await maria.forges(f"go:write-to:{reference}")
    assert await maria.sees("Was möchten Sie tun?")


async def test_an_offer_that_is_gone_cannot_be_written_to(office: Somebody, volunteer: Somebody) -> None:
    await offers(volunteer)
    await office.sees("Kontakt: dieser Chat")
    await volunteer.writes("löschen")
    await volunteer.picks("Ja, alles löschen")
    await volunteer.sees("Ihre Daten sind gelöscht")
    assert await office.sees("ist gelöscht. Bitte löschen Sie die Nachrichten dazu")
    await office.picks("Dieser Person schreiben")
    assert await office.sees("Dieses Angebot gibt es nicht mehr")


async def test_the_office_hears_of_changes_pauses_and_the_end(office: Somebody, volunteer: Somebody) -> None:
    reference = await offers(volunteer)
    await volunteer.picks("Ihr Hilfsangebot", "Mein Angebot ändern", "Ändern: Kontakt")
    await volunteer.writes("0231 501234")
    await volunteer.picks("Stimmt, speichern")
    await volunteer.sees("Ihre Änderungen sind gespeichert")
    await office.sees(f"Geändertes Hilfsangebot {reference}", "Kontakt: 0231501234")
    await volunteer.picks("Ihr Hilfsangebot", "Pause machen")
    await office.sees(f"Das Angebot {reference} macht Pause")
    await volunteer.picks("Ihr Hilfsangebot", "Wieder helfen")
    await office.sees(f"Das Angebot {reference} gilt wieder")
    await volunteer.picks("Ihr Hilfsangebot", "Mein Angebot zurückziehen", "Ja")
    assert await office.sees(f"Das Angebot {reference} ist gelöscht")
