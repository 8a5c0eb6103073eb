"""What the bot hears on Signal: every kind of message once and in order, and what nobody promised."""

import copy
import json
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.demo.pretend_signal import PretendSignal
from bot.demo.signal_faults import network_failure
from bot.demo.signal_people import SignalPerson
from bot.messages import Kind, Outgoing, State, Unreadable
from bot.settings import Signal
from bot.transports import signal as transport
from bot.transports import signal_envelopes as envelopes
from bot.transports.signal import SignalTransport
from tests.signal_edge.ears import TIMEOUT, Listener, listening, logged

# ---------------------------------------------------------------------- what people do


Act = Callable[[SignalPerson], Awaitable[Any]]
ACTS: dict[str, tuple[Act, Kind]] = {
    "text": (lambda p: p.writes("1"), Kind.TEXT),
    "location": (lambda p: p.sends_location(), Kind.TEXT),
    "answer to a story": (lambda p: p.answers_story("Як?"), Kind.TEXT),
    "photo": (lambda p: p.sends_photo(), Kind.MEDIA),
    "photo with words": (lambda p: p.sends_photo("Мій паспорт"), Kind.MEDIA),
    "voice": (lambda p: p.sends_voice(), Kind.MEDIA),
    "video": (lambda p: p.sends_video(), Kind.MEDIA),
    "document": (lambda p: p.sends_document(), Kind.MEDIA),
    "view once": (lambda p: p.sends_view_once(), Kind.MEDIA),
    "sticker": (lambda p: p.sends_sticker(), Kind.MEDIA),
    "contact": (lambda p: p.sends_contact(), Kind.MEDIA),
    "payment": (lambda p: p.sends_payment(), Kind.MEDIA),
    "poll": (lambda p: p.sends_poll(), Kind.MEDIA),
    "call": (lambda p: p.calls(), Kind.CALL),
}


@pytest.mark.parametrize(("act", "kind"), ACTS.values(), ids=ACTS.keys())
async def test_the_bot_hears_once(act: Act, kind: Kind, bot: Listener, oksana: SignalPerson) -> None:
    done = await act(oksana)
    await oksana.writes("Далі")
    heard, _ = await bot.hears("Далі")
    assert (heard.messenger, heard.address, heard.kind) == ("signal", oksana.id, kind)
    assert heard.own == (done.message_id if done else "")
    assert heard.text == (done.text if kind is Kind.TEXT else ""), "captions of photos of papers are nobody's business"


GROUP = {"groupId": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "type": "DELIVER"}
SILENCE: dict[str, Act] = {
    "typing": lambda p: p.types(),
    "no content": lambda p: p.empty_message(),
    "a timer": lambda p: p.sets_timer(3600),
    "a story": lambda p: p.posts_story(),
    "what cannot be decrypted": lambda p: p.sends_broken(),
    "only invisible letters": lambda p: p.writes("\u200b\u2060"),
    "what nobody knows yet": lambda p: raw(p, fieldOfTheFuture={"message": "1"}),
    "a receipt for nothing": lambda p: raw(p, receiptMessage={"timestamps": []}),
    "null": lambda p: raw(p, dataMessage=None, editMessage=None),
    "a call that ends": lambda p: raw(p, callMessage={"hangupMessage": {"id": 1}}),
    "a poll that ends": lambda p: data(p, pollTerminate={"targetSentTimestamp": 1}),
    "a pin": lambda p: data(p, pinMessage={"targetSentTimestamp": 1}),
    "a group's call": lambda p: data(p, groupInfo=GROUP, groupCallUpdate={}),
    "who left a group": lambda p: data(p, groupInfo={**GROUP, "type": "QUIT"}),
    "a vote taken back": lambda p: data(p, pollVote={"targetSentTimestamp": 1, "optionIndexes": []}),
    "another device of the bot": lambda p: own_device(p.world),
}


async def raw(person: SignalPerson, **payload: Any) -> None:
    await person.world.deliver_raw(person.world.envelope(person, **payload), person)


async def data(person: SignalPerson, **fields: Any) -> None:
    await raw(person, dataMessage={"timestamp": 5, "message": None, "expiresInSeconds": 0, "viewOnce": False, **fields})


async def own_device(world: Any) -> None:
    told: list[dict[str, Any]] = [
        {"sentMessage": {"message": "1"}},
        {"readMessages": []},
        {"type": "CONTACTS_SYNC"},
        {},
    ]
    for sync in told:
        world.own_device_tells({"syncMessage": sync})


@pytest.mark.parametrize("act", SILENCE.values(), ids=SILENCE.keys())
async def test_nothing_is_heard_of(act: Act, bot: Listener, oksana: SignalPerson) -> None:
    await act(oksana)
    await oksana.writes("Далі")
    await bot.hears("Далі")
    assert bot.kinds == [Kind.TEXT], "two bots would answer each other for ever"


async def test_what_belongs_to_a_message_names_it(bot: Listener, oksana: SignalPerson) -> None:
    menu = (await bot.transport.send(oksana.id, Outgoing(text="1 – Так"))).message
    own = await oksana.writes("Ні")
    assert oksana.last is not None
    await oksana.writes("1", quote=oksana.last)
    await oksana.reacts(oksana.last, "👍🏽")
    await oksana.takes_back_reaction(oksana.last, "👍🏽")
    await oksana.edits(own, "Так")
    await oksana.deletes(own)
    await oksana.reads(oksana.last)
    await oksana.writes("Далі")
    heard = [incoming for incoming in await bot.hears("Далі") if incoming.kind is not Kind.RECEIPT]
    assert [(i.kind, i.text, i.message) for i in heard[1:-1]] == [
        (Kind.TEXT, "1", menu),
        (Kind.REACTION, "👍🏽", menu),
        (Kind.EDITED, "Так", ""),
        (Kind.DELETED, "", ""),
    ]
    assert heard[0].own == heard[3].own == heard[4].own == own.message_id
    await bot.until(lambda: sum(i.kind is Kind.RECEIPT for i in bot.heard) == 2, "delivered and read")
    assert {i.arrived for i in bot.heard if i.kind is Kind.RECEIPT} == {((menu, int(menu) / 1000),)}


async def test_one_receipt_names_all_that_arrived(bot: Listener, oksana: SignalPerson) -> None:
    oksana.online = False
    sent = [(await bot.transport.send(oksana.id, Outgoing(text=str(n)))).message for n in range(3)]
    oksana.online = True
    await bot.until(lambda: bot.heard, "a receipt")
    assert [id for id, _ in bot.heard[0].arrived] == sent


async def test_a_vote_is_the_number_of_what_was_voted_for(bot: Listener, oksana: SignalPerson) -> None:
    poll = await bot.transport.request("sendPollCreate", recipient=[oksana.id], question="?", option=["А", "Б"])
    assert oksana.last is not None
    await oksana.votes(oksana.last, 1)
    await oksana.votes(oksana.last)
    await oksana.writes("Далі")
    heard = [incoming for incoming in await bot.hears("Далі") if incoming.kind is not Kind.RECEIPT]
    assert [(i.kind, i.text, i.message) for i in heard[:-1]] == [(Kind.TEXT, "2", str(poll["timestamp"]))]


@pytest.mark.parametrize(("version", "kind"), [("0.13.19", Kind.TOO_LONG), ("0.14.7", Kind.TEXT)])
async def test_of_a_long_text_all_is_heard_or_that_it_was_too_long(
    bot: Listener, oksana: SignalPerson, signal: PretendSignal, version: str, kind: Kind
) -> None:
    signal.version = version
    own = await oksana.writes("Їжак " * 400)
    await oksana.edits(own, "Їжачок " * 400)
    await oksana.writes("Далі")
    long, edited, _ = await bot.hears("Далі")
    is_whole = kind is Kind.TEXT
    assert (long.kind, long.text) == (kind, ("Їжак " * 400).strip() if is_whole else "")
    assert (edited.kind, edited.text) == (Kind.EDITED, ("Їжачок " * 400).strip() if is_whole else "")


async def test_in_a_group_the_bot_hears_only_that_it_should_leave(
    bot: Listener, oksana: SignalPerson, signal: PretendSignal
) -> None:
    id = await oksana.adds_bot_to_group()
    await oksana.writes_in_group(id, "Це група")
    await raw(oksana, editMessage={"targetSentTimestamp": 1, "dataMessage": {"message": "1", "groupInfo": GROUP}})
    await oksana.writes("Далі")
    await bot.hears("Далі")
    assert bot.kinds == [Kind.ADDED_TO_GROUP] * 3 + [Kind.TEXT]
    address = bot.heard[0].address
    assert address == f"group.{id}"
    assert (await bot.transport.send(address, Outgoing(text="Бувайте"))).state is State.ACCEPTED
    assert (await bot.transport.send(address, Outgoing(act="leave"))).state is State.ACCEPTED
    assert not signal.groups[id].bot_is_member


async def test_a_message_that_is_delivered_again_is_heard_once(bot: Listener, oksana: SignalPerson) -> None:
    own = await oksana.writes("1")
    oksana.redelivers(own)
    await oksana.writes("Далі")
    await bot.hears("Далі")
    assert bot.texts == ["1", "Далі"]


async def test_a_receipt_is_not_taken_for_the_message_whose_time_it_bears(bot: Listener, oksana: SignalPerson) -> None:
    event = oksana.world.envelope(oksana)
    sent = event["envelope"]["timestamp"]
    receipt = {"when": sent, "isDelivery": True, "isRead": False, "isViewed": False, "timestamps": [sent]}
    about = {key: value for key, value in event["envelope"].items() if key != "dataMessage"}
    await oksana.world.deliver_raw({**event, "envelope": {**about, "receiptMessage": receipt}}, oksana)
    await oksana.world.deliver_raw(event, oksana)
    await bot.hears("Привіт")
    assert [incoming.kind for incoming in bot.heard] == [Kind.RECEIPT, Kind.TEXT]


async def test_who_has_a_new_telephone_is_heard(bot: Listener, oksana: SignalPerson, signal: PretendSignal) -> None:
    await oksana.writes("1")
    await bot.hears("1")
    await oksana.reinstalls()
    for n in range(3):
        await oksana.writes(f"Новий {n}")
    await bot.hears("Новий 0", "Новий 1", "Новий 2")
    assert len([call for call in signal.calls if call.method == "trust"]) <= 3


async def test_a_key_that_cannot_be_trusted_holds_up_nobody_else(
    bot: Listener, oksana: SignalPerson, signal: PretendSignal, caplog: pytest.LogCaptureFixture
) -> None:
    await oksana.writes("1")
    await bot.hears("1")
    await oksana.reinstalls()
    signal.fail("trust", network_failure())
    await oksana.writes("Новий")
    await logged(caplog, "could not be trusted", 1)
    await signal.person("Petro").writes("Тут")
    await bot.hears("Тут")


async def test_many_people_are_heard_in_the_order_in_which_they_wrote(bot: Listener, signal: PretendSignal) -> None:
    people = [signal.person(str(n)) for n in range(10)]
    written = []
    for n in range(30):
        for person in people:
            written.append(f"{person.name} {n}")
            person.write(written[-1])
    await bot.hears(*written)
    assert bot.texts == written


# ---------------------------------------------------------------------- typing


async def test_who_waits_for_an_answer_sees_that_it_is_being_written(
    bot: Listener, oksana: SignalPerson, signal: PretendSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TYPING_AFTER", 0.02)
    bot.transport.answers_soon(oksana.id)
    bot.transport.answers_soon(oksana.id)
    await signal.changed(lambda: oksana.bot_types, TIMEOUT, "typing")
    await bot.transport.send(oksana.id, Outgoing(text="Так"))
    assert not oksana.bot_types
    assert signal.counts["sendTyping"] == 1


async def test_who_got_an_answer_sees_no_typing(
    bot: Listener, oksana: SignalPerson, signal: PretendSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TYPING_AFTER", 0.05)
    petro = signal.person("Петро")
    bot.transport.answers_soon(oksana.id)
    await bot.transport.send(oksana.id, Outgoing(text="Так"))
    bot.transport.answers_soon(petro.id)
    await signal.changed(lambda: petro.bot_types, TIMEOUT, "typing")
    assert signal.counts["sendTyping"] == 1
    assert not oksana.bot_types


async def test_typing_that_fails_is_left_for_a_while(
    bot: Listener, oksana: SignalPerson, signal: PretendSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TYPING_AFTER", 0.01)
    oksana.sealed_sender = False
    bot.transport.answers_soon(oksana.id)
    await signal.changed(lambda: signal.counts.get("sendTyping"), TIMEOUT, "typing")
    for _ in range(5):
        bot.transport.answers_soon(oksana.id)
        beats = signal.counts.get("version", 0)
        await signal.changed(lambda beats=beats: signal.counts.get("version", 0) > beats + 1, TIMEOUT, "time")  # type: ignore[misc]
    assert signal.counts["sendTyping"] == 1


# ---------------------------------------------------------------------- what nobody promised


async def test_a_text_of_several_mib_is_heard_and_cut(bot: Listener, oksana: SignalPerson) -> None:
    await oksana.writes("Ї" * 3_000_000)
    await bot.until(lambda: bot.heard, "a text")
    assert bot.texts == ["Ї" * 5000]
    (payload,) = bot.payloads.values()
    assert len(payload) < 40_000


LARGE = "Ї" * 200_000
QUOTE = {"id": 5, "author": LARGE, "text": LARGE, "attachments": [{"fileName": LARGE}]}
LARGE_PARTS: dict[str, Act] = {
    "a quote": lambda p: data(p, message="1", quote=QUOTE),
    "a preview": lambda p: data(p, message="1", previews=[{"title": LARGE}], mentions=[{"name": LARGE}]),
    "a file": lambda p: data(p, attachments=[{"filename": LARGE, "caption": LARGE}] * 3),
    "a contact": lambda p: data(p, contacts=[{"name": {"given": LARGE}}]),
    "an emoji": lambda p: data(p, reaction={"emoji": LARGE, "targetSentTimestamp": 5}),
    "an edit": lambda p: raw(p, editMessage={"targetSentTimestamp": 5, "dataMessage": {"message": LARGE}}),
    "a name": lambda p: p.world.deliver_raw(named(p.world.envelope(p), LARGE), p),
    "a receipt": lambda p: raw(p, receiptMessage={"timestamps": [10**12 + n for n in range(100_000)]}),
}


def named(event: Any, name: str) -> Any:
    event["envelope"] |= {"sourceName": name, "serverGuid": name}
    return event


@pytest.mark.parametrize("act", LARGE_PARTS.values(), ids=LARGE_PARTS.keys())
async def test_nothing_large_is_kept_of(act: Act, bot: Listener, oksana: SignalPerson) -> None:
    await act(oksana)
    await bot.until(lambda: bot.heard, "it")
    (payload,) = bot.payloads.values()
    assert len(payload) < 50_000


async def test_names_and_quotes_are_not_kept(bot: Listener, oksana: SignalPerson) -> None:
    await bot.transport.send(oksana.id, Outgoing(text="Чи так?"))
    assert oksana.last is not None
    oksana.name_known = True
    await oksana.writes("Так", quote=oksana.last)
    await bot.hears("Так")
    kept = json.dumps([json.loads(payload) for payload in bot.payloads.values()], ensure_ascii=False)
    assert "Так" in kept
    assert oksana.name not in kept
    assert "Чи" not in kept


LINES = {
    "garbage": "Exception in thread main",
    "half": '{"jsonrpc":"2.0","method":"receive","params":{"subscription":0,"result":{"envelope":{"sour',
    "nested": '{"jsonrpc":"2.0","method":"receive","params":{"result":' + "[" * 100_000,
    "nested and closed": '{"method":"receive","params":{"result":' + "[" * 100_000 + "]" * 100_000 + "}}",
    "nested in a message": '{"method":"receive","params":{"result":{"envelope":' + '{"a":' * 900 + "1" + "}" * 903,
    "no envelope": '{"method":"receive","params":{"result":{}}}',
    "null": '{"method":"receive","params":{"result":null}}',
    "a list": '{"method":"receive","params":{"result":[1]}}',
    "a text": '{"method":"receive","params":{"result":"deaf"}}',
    "too long": "x" * 17_000_000,
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
async def test_people_are_heard_after(line: str, tmp_path: Path) -> None:
    async with PretendSignal(tmp_path / "socket") as signal, listening(signal) as bot:
        await signal.subscribed()
        await signal.deliver_line(line)
        await signal.person("Оксана").writes("Далі")
        await bot.hears("Далі")
        assert bot.kinds == [Kind.TEXT]


async def real_events(signal: PretendSignal, oksana: SignalPerson) -> list[Any]:
    """Return one event of each kind, as signal-cli writes them."""
    events: list[Any] = []
    kept = signal.mailbox.put
    signal.mailbox.put = lambda _person, event, *_: events.append(copy.deepcopy(event))  # type: ignore[method-assign]
    await own_device(signal)
    for act, _ in ACTS.values():
        await act(oksana)
    for silence in SILENCE.values():
        await silence(oksana)
    own = await oksana.writes("Ні")
    await oksana.writes("1", quote=own)
    await oksana.reacts(own, "👍")
    await oksana.edits(own, "Так")
    await oksana.deletes(own)
    await oksana.writes_in_group(await oksana.adds_bot_to_group(), "Це група")
    events += [signal.envelope(oksana, receiptMessage={"when": 1, "isDelivery": True, "timestamps": [1795336103442]})]
    events += [{"exception": {"type": "UntrustedIdentityException", "message": ""}, **signal.envelope(oksana)}]
    signal.mailbox.put = kept  # type: ignore[method-assign]
    return events


ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**70,
    float("inf"),
    "",
    "x",
    "Ї" * 1000,
    "\ud800",
    [],
    [None],
    {},
    {"a": 1},
    [[[]]],
]


def mutated(event: Any, chance: random.Random) -> Any:
    """Return an event with something wrong, missing or new at one place or several."""
    event = copy.deepcopy(event)
    for _ in range(chance.choice([1, 1, 2, 5])):
        place, key = chance.choice(places(event) or [({"": None}, "")])
        match chance.choice(["gone", "odd", "odd", "moved", "new"]):
            case "gone":
                del place[key]
            case "odd":
                place[key] = chance.choice(ODD)
            case "moved":
                other, name = chance.choice(places(event) or [(ODD, 0)])
                place[key] = copy.deepcopy(other[name])
            case _ if isinstance(place, dict):
                place[chance.choice(["deaf", "exception", "groupInfo", "quote", "pollVote", "x"])] = chance.choice(ODD)
    return event


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return all places in which something stands: what holds it and its name or number there."""
    keys: list[Any] = [*value] if isinstance(value, dict) else [*range(len(value))] if isinstance(value, list) else []
    return [found for key in keys for found in ((value, key), *places(value[key]))]


async def test_nothing_that_anybody_sends_stops_the_bot(
    signal: PretendSignal, oksana: SignalPerson, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "bot")
    events = await real_events(signal, oksana)
    assert len(events) > 35
    chance = random.Random(2026)
    understood = 0
    async with listening(signal) as bot:
        await signal.subscribed()
        for n in range(5000):
            event = mutated(chance.choice(events), chance)
            with suppress(Unreadable):
                incoming = envelopes.read(event)
                understood += incoming is not None and envelopes.understand(envelopes.stored(incoming)) == incoming
            if n % 2:
                await signal.deliver_raw(event, oksana)
        await oksana.writes("Далі")
        await bot.hears("Далі")
    assert understood > 500


BROKEN = ["", "{", "[]", "5", "null", '"deaf"', '{"kind": 5}', '{"kind": "text"}', "[" * 100_000]


@pytest.mark.parametrize("payload", [*BROKEN, '{"kind": "text", "messenger": "signal", "of the future": 1}'])
def test_a_payload_that_is_none_is_unreadable_and_nothing_else(payload: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        SignalTransport(Signal("+4915100000001", tmp_path)).understand(payload)


def test_an_address_has_one_spelling() -> None:
    address = "4DA5E709-D471-4D60-88A7-0639EB1167B3"
    message = {"dataMessage": {"timestamp": 5, "message": "1"}, "timestamp": 5}
    heard = envelopes.read({"envelope": {"sourceUuid": address, **message}})
    assert heard is not None
    assert heard.address == address.lower()
    for wrong in ("+4915100000001", f"PNI:{address}", f"{{{address}}}", f"{address}\n", "", None):
        with pytest.raises(Unreadable):
            envelopes.read({"envelope": {"sourceUuid": wrong, **message}})
