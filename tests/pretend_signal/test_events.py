"""Claims about events that the pretend signal-cli keeps: everything that people do, in the shape the bot is told it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.demo.pretend_signal import PretendSignal
from bot.demo.signal_chats import CannotDo
from tests.pretend_signal_client import Client

if TYPE_CHECKING:
    from pathlib import Path

    from bot.demo.signal_people import SignalPerson


def payload(event: Any) -> Any:
    """Return what an event says besides who and when."""
    envelope = event["envelope"]
    return {key: value for key, value in envelope.items() if key.endswith("Message")}


async def next_data(bot: Client) -> Any:
    """Return the newest data message."""
    await bot.hears()
    return bot.heard[-1]["envelope"]["dataMessage"]


async def from_bot(bot: Client, olena: SignalPerson, text: str = "Wähle: 1 Deutsch 2 Українська") -> int:
    """Let the bot send, hear of nothing of it, and return the timestamp."""
    olena.online = False
    sent = await bot.call("send", recipient=olena.id, message=text)
    olena.is_online = True
    arrived, olena.arriving = olena.arriving, []
    for act in arrived:
        act()
    olena.receipts.clear()
    return int(sent["timestamp"])


# ---------------------------------------------------------------------- who


async def test_a_text_comes_in_its_frame(signal: PretendSignal, bot: Client, olena: SignalPerson) -> None:
    olena.name_known = True
    sent = await olena.writes("Привіт")
    (event,) = await bot.hears()
    timestamp = int(sent.message_id)
    received = event["envelope"].pop("serverReceivedTimestamp")
    assert event["envelope"].pop("serverDeliveredTimestamp") == received + 1
    assert event == {
        "envelope": {
            "source": olena.id,
            "sourceNumber": None,
            "sourceUuid": olena.id,
            "sourceName": "Олена К.",
            "sourceDevice": 1,
            "timestamp": timestamp,
            "dataMessage": {"timestamp": timestamp, "message": "Привіт", "expiresInSeconds": 0, "viewOnce": False},
        },
        "account": signal.account,
    }


async def test_a_number_is_told_only_by_those_who_share_it(signal: PretendSignal, bot: Client) -> None:
    for shares in (True, False):
        await signal.person("Петро", number=f"+49151000000{shares:d}2", shares_number=shares).writes("x")
    first, second = await bot.hears(2)
    assert (first["envelope"]["source"], first["envelope"]["sourceNumber"]) == ("+4915100000012",) * 2
    assert second["envelope"]["sourceNumber"] is None


async def test_a_name_may_be_unknown_at_first(signal: PretendSignal, bot: Client) -> None:
    people = [signal.person(f"Person {number}") for number in range(20)]
    for person in people:
        await person.writes("1")
        await person.writes("2")
    events = await bot.hears(40)
    names = [event["envelope"]["sourceName"] for event in events]
    assert "" in names[::2]
    assert "" not in names[1::2]


async def test_two_people_may_write_in_the_same_millisecond(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    signal.clock = lambda: 1_795_337_423.0
    await olena.writes("1")
    await olena.writes("2")
    await signal.person("Петро").writes("3")
    times = [event["envelope"]["timestamp"] for event in await bot.hears(3)]
    assert times == [1795337423000, 1795337423001, 1795337423000]


async def test_fields_that_nobody_knows_come_now_and_then(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    signal.sprinkles = True
    for number in range(50):
        await olena.writes(str(number))
    events = await bot.hears(50)
    assert any("fieldOfTheFuture" in event["envelope"] for event in events)
    assert any("hasProfileKey" in event["envelope"]["dataMessage"] for event in events)
    await olena.sends_broken()
    assert "exception" in (await bot.hears(51))[-1]


# ---------------------------------------------------------------------- what


async def test_a_reply_quotes_what_it_answers(signal: PretendSignal, bot: Client, olena: SignalPerson) -> None:
    timestamp = await from_bot(bot, olena)
    await olena.writes("2 bitte", quote=olena.last)
    assert (await next_data(bot))["quote"] == {
        "id": timestamp,
        "author": signal.account,
        "authorNumber": signal.account,
        "authorUuid": signal.aci,
        "text": "Wähle: 1 Deutsch 2 Українська",
        "attachments": [],
    }
    assert olena.messages[-1].quote == str(timestamp)


async def test_a_reaction_comes_and_is_taken_back(signal: PretendSignal, bot: Client, olena: SignalPerson) -> None:
    timestamp = await from_bot(bot, olena)
    assert olena.last is not None
    await olena.reacts(olena.last, "👍")
    data = await next_data(bot)
    assert data["message"] is None
    assert data["reaction"] == {
        "emoji": "👍",
        "targetAuthor": signal.account,
        "targetAuthorNumber": signal.account,
        "targetAuthorUuid": signal.aci,
        "targetSentTimestamp": timestamp,
        "isRemove": False,
    }
    assert list(olena.last.reactions) == ["👍"]
    await olena.takes_back_reaction(olena.last, "👍")
    await bot.hears(2)
    assert (await next_data(bot))["reaction"]["isRemove"]
    assert not olena.last.reactions


async def test_an_edit_names_the_first_version_or_the_newest(bot: Client, olena: SignalPerson) -> None:
    own = await olena.writes("1")
    first = int(own.message_id)
    await olena.edits(own, "2")
    edit = payload((await bot.hears(2))[1])["editMessage"]
    assert edit["targetSentTimestamp"] == first
    assert edit["dataMessage"]["message"] == "2"
    second = edit["dataMessage"]["timestamp"]
    assert second > first
    olena.refers_to_newest = True
    shown = await olena.edits(own, "3")
    assert (shown.text, shown.edited, shown.message_id) == ("3", True, own.message_id)
    assert payload((await bot.hears(3))[2])["editMessage"]["targetSentTimestamp"] == second


async def test_a_deletion_names_what_is_deleted(bot: Client, olena: SignalPerson) -> None:
    own = await olena.writes("1")
    await olena.deletes(own)
    await bot.hears(2)
    assert (await next_data(bot))["remoteDelete"] == {"timestamp": int(own.message_id)}
    assert (olena.messages[0].deleted, olena.messages[0].text) == (True, "")
    with pytest.raises(CannotDo):
        await olena.edits(own, "2")


async def test_a_telephone_offers_only_what_signal_offers(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    await from_bot(bot, olena)
    shown = olena.last
    assert shown is not None
    stranger = signal.person("Петро")
    for forbidden in (olena.edits(shown, "x"), olena.votes(shown, 0), stranger.reacts(shown, "👍"), olena.writes("")):
        with pytest.raises(CannotDo):
            await forbidden
    own = await olena.writes("x")
    signal.goes_forward(86401)
    with pytest.raises(CannotDo):
        await olena.edits(own, "y")
    await olena.blocks_bot()
    with pytest.raises(CannotDo, match="blocked"):
        await olena.writes("x")
    await olena.unblocks_bot()
    await olena.unregisters()
    with pytest.raises(CannotDo, match="no account"):
        await olena.writes("x")


@pytest.mark.parametrize(
    ("act", "field", "value"),
    [
        ("sends_sticker", "sticker", {"packId": "9acc9e8a" * 4, "stickerId": 3}),
        ("sends_payment", "payment", {"note": "Danke", "receipt": "AAAA"}),
        ("sends_poll", "pollCreate", {"question": "?", "allowMultiple": False, "options": ["A", "B"]}),
        ("empty_message", "message", None),
        ("sends_view_once", "viewOnce", True),
    ],
)
async def test_other_kinds_of_messages_come_without_a_text(
    bot: Client, olena: SignalPerson, act: str, field: str, value: Any
) -> None:
    await getattr(olena, act)()
    data = await next_data(bot)
    assert data["message"] is None
    assert data[field] == value


async def test_a_contact_and_a_place_and_an_answer_to_a_story(bot: Client, olena: SignalPerson) -> None:
    await olena.sends_contact()
    contact = (await next_data(bot))["contacts"][0]
    assert (contact["name"]["given"], contact["phone"][0]["value"]) == ("Олена К.", "+493012345")
    await olena.sends_location(51.5, 7.4)
    await bot.hears(2)
    assert (await next_data(bot))["message"] == "https://maps.google.com/maps?q=51.5%2C7.4"
    await olena.answers_story("Гарно")
    await bot.hears(3)
    assert (await next_data(bot))["storyContext"]["sentTimestamp"] == 1


async def test_a_file_is_described_and_can_be_fetched(bot: Client, olena: SignalPerson) -> None:
    shown = await olena.sends_photo("Mein Pass")
    data = await next_data(bot)
    assert data["message"] == "Mein Pass"
    (file,) = data["attachments"]
    assert (file["contentType"], file["filename"], file["caption"]) == ("image/png", "photo.png", None)
    assert (await bot.call("getAttachment", id=file["id"], recipient=olena.id))["data"].startswith("iVBOR")
    assert shown.document is not None
    assert shown.document[0] == "photo.png"
    assert shown.as_json()["attachment"] == {"name": "photo.png", "type": "image/png"}
    for act in (olena.sends_voice, olena.sends_video, olena.sends_document):
        await act()
    await bot.hears(4)
    assert (await bot.refused("getAttachment", id="x"))["code"] == -1


async def test_a_vote_counts_up_and_can_be_withdrawn(signal: PretendSignal, bot: Client, olena: SignalPerson) -> None:
    await bot.call("sendPollCreate", recipient=olena.id, question="?", option=["Так", "Ні"], noMulti=True)
    poll = olena.last
    assert poll is not None
    await olena.votes(poll, 1)
    await olena.votes(poll)
    await signal.changed(lambda: len([each for each in bot.heard if "dataMessage" in each["envelope"]]) == 2)
    votes = [each["envelope"]["dataMessage"]["pollVote"] for each in bot.heard if "dataMessage" in each["envelope"]]
    assert [(vote["optionIndexes"], vote["voteCount"]) for vote in votes] == [([1], 1), ([], 2)]
    assert votes[0]["targetSentTimestamp"] == int(poll.message_id)


async def test_a_timer_comes_with_every_message_afterwards(bot: Client, olena: SignalPerson) -> None:
    await olena.sets_timer(604800)
    data = await next_data(bot)
    assert (data["message"], data["expiresInSeconds"], data["isExpirationUpdate"]) == (None, 604800, True)
    await olena.writes("x")
    await bot.hears(2)
    assert (await next_data(bot))["expiresInSeconds"] == 604800


async def test_typing_calls_and_stories_are_no_data_messages(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    await olena.types()
    await olena.types(stops=True)
    await olena.calls()
    await olena.posts_story()
    signal.ignore_stories = False
    await olena.posts_story()
    told = [payload(event) for event in await bot.hears(5)]
    assert [each["typingMessage"]["action"] for each in told[:2]] == ["STARTED", "STOPPED"]
    assert told[2]["callMessage"]["offerMessage"]["type"] == "AUDIO_CALL"
    assert "hangupMessage" in told[3]["callMessage"]
    assert "storyMessage" in told[4]


async def test_other_devices_of_the_account_tell_what_they_do(signal: PretendSignal, bot: Client) -> None:
    signal.own_device_tells({"syncMessage": {"type": "CONTACTS_SYNC"}})
    (event,) = await bot.hears()
    assert event["envelope"]["source"] == signal.account
    assert payload(event) == {"syncMessage": {"type": "CONTACTS_SYNC"}}
    petro = signal.person("Петро")
    signal.own_device_writes(petro, "Привіт")
    sent = payload((await bot.hears(2))[1])["syncMessage"]["sentMessage"]
    assert (sent["destinationUuid"], sent["message"], petro.sees("Привіт")) == (petro.id, "Привіт", True)


async def test_a_message_that_comes_twice_comes_without_text_the_second_time(bot: Client, olena: SignalPerson) -> None:
    own = await olena.writes("1")
    olena.redelivers(own)
    event = (await bot.hears(2))[1]
    assert event["exception"]["type"] == "ProtocolDuplicateMessageException"
    assert event["envelope"]["timestamp"] == int(own.message_id)
    assert payload(event) == {}


async def test_what_a_group_says_has_the_group_on_it(bot: Client, olena: SignalPerson) -> None:
    group = await olena.adds_bot_to_group("Сусіди")
    info = (await next_data(bot))["groupInfo"]
    assert info == {"groupId": group, "groupName": "Сусіди", "revision": 1, "type": "UPDATE"}
    shown = await olena.writes_in_group(group, "Привіт усім")
    assert shown.group_id == group
    await bot.hears(2)
    assert (await next_data(bot))["groupInfo"]["type"] == "DELIVER"
    assert olena.messages == []


async def test_only_members_write_in_a_group(signal: PretendSignal, olena: SignalPerson) -> None:
    group = await olena.adds_bot_to_group()
    with pytest.raises(CannotDo):
        await signal.person("Петро").writes_in_group(group, "x")


# ---------------------------------------------------------------------- long texts


@pytest.mark.parametrize(("version", "cut"), [("0.13.19", True), ("0.14.7", False)])
async def test_a_text_over_2000_bytes_is_cut_by_old_versions(tmp_path: Path, version: str, cut: bool) -> None:
    text = "й" * 1120 + "z" * 560
    async with PretendSignal(tmp_path / "v", version=version) as signal, Client(signal) as bot:
        await bot.subscribes()
        await signal.person("Олена").writes(text)
        data = await next_data(bot)
        assert (data["message"] == text) is not cut
        if cut:
            assert data["message"] == "й" * 1000
            (file,) = data["attachments"]
            assert file["contentType"] == "text/x-signal-plain"
            assert "0LnQud" in (await bot.call("getAttachment", id=file["id"]))["data"]


async def test_any_value_or_line_can_come(signal: PretendSignal, bot: Client, olena: SignalPerson) -> None:
    spoilt = signal.envelope(olena)
    spoilt["envelope"]["dataMessage"]["message"] = "x" * 2**20
    await signal.deliver_raw(spoilt)
    await signal.deliver_raw(["no", None], olena)
    await signal.deliver_line('{"jsonrpc":"2.0","meth')
    await signal.deliver_raw(None)
    await signal.changed(lambda: len(bot.events) == 3)
    assert len(bot.lines[1]) > 2**20
    assert bot.events[1]["result"] == ["no", None]
    assert bot.lines[3] == '{"jsonrpc":"2.0","meth\n'
    assert bot.events[2]["result"] is None


# ---------------------------------------------------------------------- receipts


async def test_a_delivery_may_be_confirmed_before_the_send_is_answered(bot: Client, olena: SignalPerson) -> None:
    firsts = set()
    for number in range(20):
        await bot.call("send", recipient=olena.id, message=str(number))
        await bot.hears(number + 1)
        firsts.add("receiptMessage" in bot.lines[-2])
    assert firsts == {True, False}
    assert {shown.ticks for shown in olena.received} == {2}


async def test_a_telephone_that_was_off_confirms_everything_at_once(bot: Client, olena: SignalPerson) -> None:
    olena.online = False
    olena.reads_by_itself = True
    sent = [(await bot.call("send", recipient=olena.id, message=text))["timestamp"] for text in "abc"]
    assert olena.received == []
    olena.online = True
    events = await bot.hears(4)
    assert [shown.text for shown in olena.received] == ["a", "b", "c"]
    assert payload(events[0])["receiptMessage"]["timestamps"] == sent
    assert payload(events[1])["receiptMessage"]["isRead"]
    assert {shown.ticks for shown in olena.received} == {3}


async def test_reading_is_told_unless_the_person_does_not_want_that(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    timestamp = await from_bot(bot, olena)
    assert olena.last is not None
    await olena.reads(olena.last)
    (event,) = await bot.hears()
    assert payload(event)["receiptMessage"]["timestamps"] == [timestamp]
    assert payload(event)["receiptMessage"]["isRead"]
    olena.read_receipts = False
    await olena.reads(olena.last)
    await signal.all_taken()
    assert len(bot.events) == 1


async def test_who_blocked_the_bot_sees_nothing_and_confirms_nothing(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    await olena.blocks_bot()
    sent = await bot.call("send", recipient=olena.id, message="x")
    assert sent["results"][0]["type"] == "SUCCESS"
    await bot.call("sendTyping", recipient=olena.id)
    await signal.all_taken()
    assert olena.messages == []
    assert bot.events == []


async def test_who_blocks_the_bot_before_reading_confirms_nothing(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    olena.receipts.append(1)
    await olena.blocks_bot()
    olena.confirm()
    await signal.all_taken()
    assert bot.events == []


# ---------------------------------------------------------------------- keys


async def test_who_reinstalls_is_heard_only_after_the_new_key_is_trusted(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    await olena.writes("1")
    await olena.reinstalls()
    await olena.writes("2")
    event = (await bot.hears(2))[1]
    assert event["exception"] == {
        "message": f"Untrusted identity: {olena.id}",
        "type": "UntrustedIdentityException",
    }
    assert payload(event) == {}
    refusal = await bot.refused("send", recipient=olena.id, message="x")
    assert (refusal["code"], refusal["message"]) == (-4, "Failed to send message due to untrusted identities")
    assert refusal["data"]["response"]["results"][0]["type"] == "IDENTITY_FAILURE"
    assert (await bot.call("listIdentities"))[0]["trustLevel"] == "UNTRUSTED"
    assert (await bot.refused("trust", recipient=olena.id))["code"] == -1
    assert (await bot.refused("trust", recipient=olena.id, verifiedSafetyNumber="1"))["code"] == -1
    await bot.call("trust", recipient=olena.id, trustAllKnownKeys=True)
    await signal.changed(lambda: bot.texts == ["1", "2"])
    await bot.call("send", recipient=olena.id, message="x")


async def test_what_was_held_back_comes_with_the_next_message(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    signal.turn_of_receive_loop = 60.0
    await olena.writes("1")
    await olena.reinstalls()
    await olena.writes("2")
    await bot.hears(2)
    (known,) = await bot.call("listIdentities", number=olena.id)
    await bot.call("trust", recipient=olena.id, verifiedSafetyNumber=known["safetyNumber"])
    await signal.all_taken()
    assert bot.texts == ["1"]
    await signal.person("Петро").writes("3")
    await signal.changed(lambda: bot.texts == ["1", "2", "3"])


async def test_a_daemon_that_always_trusts_never_tells(tmp_path: Path) -> None:
    async with PretendSignal(tmp_path / "t", trust_new_identities="always") as signal, Client(signal) as bot:
        await bot.subscribes()
        olena = signal.person("Олена")
        await olena.writes("1")
        await olena.reinstalls()
        await olena.writes("2")
        await signal.changed(lambda: bot.texts == ["1", "2"])
        await bot.call("send", recipient=olena.id, message="x")


async def test_people_whom_the_bot_blocked_are_not_told_of(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    await bot.call("block", recipient=[olena.id])
    await olena.writes("1")
    await signal.all_taken()
    assert bot.events == []
    assert signal.mailbox.lost == []
    await bot.call("unblock", recipient=[olena.id])
    await olena.writes("2")
    await signal.changed(lambda: bot.texts == ["2"])
