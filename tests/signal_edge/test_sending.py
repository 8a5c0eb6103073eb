"""What arrives on telephones with Signal, and what is known of what does not."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import outbox
from bot.demo.pretend_signal import PretendSignal
from bot.demo.signal_chats import SignalShown
from bot.demo.signal_faults import (
    Fault,
    Kind,
    breaks_connection,
    captcha,
    error,
    garbage,
    internal_error,
    invalid_params,
    invalid_pre_key,
    io_error,
    late,
    network_failure,
    never_answers,
    partial,
    rate_limited,
    unregistered,
    untrusted,
    upload_limited,
)
from bot.demo.signal_people import SignalPerson
from bot.messages import Abilities, Outcome, Outgoing, Reason, State
from bot.pace import Limits, Pace
from bot.sender import Sender
from bot.settings import Signal
from bot.storage import open_store
from bot.transports import signal as transport
from bot.transports.signal import CAPTCHA_PAGE, LONGEST_WAIT, SignalTransport
from bot.transports.signal_rpc import NotSent, Refused
from tests.signal_edge.ears import TIMEOUT, logged

UNLIMITED = Limits(None, None)
TOKEN = "7e0ecb1a-0000-4000-8000-000000000001"


@pytest.fixture
async def bot(signal: PretendSignal) -> AsyncIterator[SignalTransport]:
    """The bot's way out."""
    async with SignalTransport(Signal(signal.account, signal.socket)) as messenger:
        yield messenger
    assert signal.in_flight_violations == []


def on_screen(person: SignalPerson) -> SignalShown:
    """Return the only message that arrived."""
    assert len(person.received) == 1
    return person.received[0]


# ---------------------------------------------------------------------- what arrives


async def test_a_text_arrives_and_its_id_is_what_answers_name(bot: SignalTransport, oksana: SignalPerson) -> None:
    outcome = await bot.send(oksana.id, Outgoing(text="Вітаємо &amp; willkommen"))
    assert on_screen(oksana).text == "Вітаємо & willkommen"
    assert outcome == Outcome(State.ACCEPTED, message=on_screen(oksana).message_id)


STYLED = {
    "plain": ("Слава", [], "Слава"),
    "bold": ("<b>Вітаємо</b> 🏳️‍🌈", [("Вітаємо", "BOLD")], "Вітаємо 🏳️‍🌈"),
    "after emoji": ("🇺🇦👨‍👩‍👧 <i>Їжак</i> 𝄞 <code>1 – a</code>", [("Їжак", "ITALIC"), ("1 – a", "MONOSPACE")], ""),
    "in one another": ("<b>a <i>б</i> в</b>", [("a ", "BOLD"), ("б", "BOLD"), ("б", "ITALIC"), (" в", "BOLD")], ""),
    "emoji inside": ("x<b>🇩🇪 und 🇺🇦</b>y", [("🇩🇪 und 🇺🇦", "BOLD")], ""),
    "signs": ("<b>&lt;1&gt;</b> &amp;", [("<1>", "BOLD")], "<1> &"),
}


@pytest.mark.parametrize(("text", "styles", "shown"), STYLED.values(), ids=STYLED.keys())
async def test_looks_lie_on_the_right_letters(
    text: str, styles: list[tuple[str, str]], shown: str, bot: SignalTransport, oksana: SignalPerson
) -> None:
    assert (await bot.send(oksana.id, Outgoing(text=text))).state is State.ACCEPTED
    message = on_screen(oksana)
    letters = message.text.encode("utf-16-le")
    found = [(letters[2 * start : 2 * (start + n)].decode("utf-16-le"), style) for start, n, style in message.styles]
    assert found == styles
    assert message.text == (shown or message.text)
    assert "<" not in message.text or shown


LINKS = {
    "with a name": ('<a href="https://a.example/?x=1&amp;y=2">Тут</a>!', "Тут (https://a.example/?x=1&y=2)!"),
    "bare": ('<a href="https://a.example">https://a.example</a>', "https://a.example"),
    "styled": ('<a href="https://a.example"><b>Тут</b> і</a> там', "Тут і (https://a.example) там"),
    "in a style": ('<b><a href="https://a.example">Тут</a></b>', "Тут (https://a.example)"),
    "mail": ('<a href="mailto:rat@example.org">rat@example.org</a>', "rat@example.org"),
    "telephone": ('<a href="tel:+4923150">+4923150</a>', "+4923150"),
    "two": ('<a href="https://a.b">A</a><a href="https://c.d">C</a>', "A (https://a.b)C (https://c.d)"),
}


@pytest.mark.parametrize(("text", "shown"), LINKS.values(), ids=LINKS.keys())
async def test_the_address_of_a_link_can_be_read(
    text: str, shown: str, bot: SignalTransport, oksana: SignalPerson
) -> None:
    await bot.send(oksana.id, Outgoing(text=text))
    assert on_screen(oksana).text == shown


@pytest.mark.parametrize("name", ["my-data.json", "Мої дані.txt", 'a;b,c="d"/../%41+.json', "x;base64,QQ==.txt"])
async def test_a_file_arrives_under_its_name(name: str, bot: SignalTransport, oksana: SignalPerson) -> None:
    text = '{"name": "Їжак 🦔"}'
    outcome = await bot.send(oksana.id, Outgoing(text="Ось", file_name=name, file_text=text))
    assert outcome.state is State.ACCEPTED
    message = on_screen(oksana)
    assert (message.text, message.document) == ("Ось", (name, text.encode()))
    assert message.attachment is not None
    assert message.attachment.content_type == ("application/json" if name.endswith("json") else "text/plain")


async def test_messages_to_one_person_arrive_in_the_order_of_sending(
    bot: SignalTransport, signal: PretendSignal
) -> None:
    signal.latency = (0.001, 0.01)
    people = [signal.person(str(n)) for n in range(5)]
    await asyncio.gather(*(bot.send(person.id, Outgoing(text=str(n))) for n in range(20) for person in people))
    assert [[message.text for message in person.received] for person in people] == [[str(n) for n in range(20)]] * 5


async def test_who_is_sent_something_by_a_group_is_each_of_it(bot: SignalTransport, signal: PretendSignal) -> None:
    people = [signal.person(str(n)) for n in range(3)]
    group = signal.group("Nachbarn", [person.id for person in people])
    signal.fail("send", partial(unregistered()))
    assert (await bot.send(f"group.{group.id}", Outgoing(text="x"))).state is State.ACCEPTED
    signal.fail("send", untrusted())
    outcome = await bot.send(f"group.{group.id}", Outgoing(text="x"))
    assert (outcome.state, outcome.unreachable) == (State.REFUSED, False)


# ---------------------------------------------------------------------- other acts


async def test_a_change_shows_the_new_text_in_the_old_place(bot: SignalTransport, oksana: SignalPerson) -> None:
    first = (await bot.send(oksana.id, Outgoing(text="1 %", handle="progress"))).message
    outcome = await bot.send(oksana.id, Outgoing(act="change", text="<b>99 %</b>", replaces=first))
    assert outcome.state is State.ACCEPTED
    message = on_screen(oksana)
    assert (message.text, message.edited, message.styles) == ("99 %", True, ((0, 4, "BOLD"),))


async def test_a_question_that_would_take_an_old_place_is_asked_anew(
    bot: SignalTransport, oksana: SignalPerson
) -> None:
    first = (await bot.send(oksana.id, Outgoing(text="1"))).message
    await bot.send(oksana.id, Outgoing(text="2", replaces=first))
    assert [message.text for message in oksana.received] == ["1", "2"]


NOTHING = {
    "a press": Outgoing(act="acknowledge", press_id="5", text="Так"),
    "commands": Outgoing(act="commands", commands=(("start", "Початок"),)),
    "a change of nothing": Outgoing(act="change", text="x"),
}


@pytest.mark.parametrize("outgoing", NOTHING.values(), ids=NOTHING.keys())
async def test_what_signal_has_not_is_done_at_once(
    outgoing: Outgoing, bot: SignalTransport, oksana: SignalPerson, signal: PretendSignal
) -> None:
    assert await bot.send(oksana.id, outgoing) == Outcome(State.ACCEPTED)
    assert oksana.received == []
    assert not signal.calls


async def test_the_bot_leaves_a_group_once(bot: SignalTransport, oksana: SignalPerson, signal: PretendSignal) -> None:
    id = await oksana.adds_bot_to_group()
    for state in (State.ACCEPTED, State.REFUSED):
        assert (await bot.send(f"group.{id}", Outgoing(act="leave"))).state is state
        assert not signal.groups[id].bot_is_member
    assert not signal.groups[id].is_kept


async def test_nobody_keeps_the_bot_in_a_group_by_making_it_the_only_admin(
    bot: SignalTransport, oksana: SignalPerson, signal: PretendSignal
) -> None:
    id = await oksana.adds_bot_to_group()
    signal.groups[id].bot_is_only_admin = True
    assert (await bot.send(f"group.{id}", Outgoing(act="leave"))).state is State.ACCEPTED
    assert not signal.groups[id].bot_is_member


async def test_after_a_captcha_was_solved_messages_arrive(
    bot: SignalTransport, oksana: SignalPerson, signal: PretendSignal
) -> None:
    token = signal.wants_captcha()
    outcome = await bot.send(oksana.id, Outgoing(text="x"))
    assert (outcome.challenge, outcome.challenge_page) == (token, CAPTCHA_PAGE)
    for solution, state in (("signalcaptcha://wrong", State.REFUSED), ("signalcaptcha://right&amp;1", State.ACCEPTED)):
        solve = Outgoing(act="solve", text=solution, handle=outcome.challenge)
        assert (await bot.send("", solve)).state is state
    assert [call.params["captcha"] for call in signal.calls if call.method == "submitRateLimitChallenge"] == [
        "signalcaptcha://wrong",
        "signalcaptcha://right&1",
    ]
    assert (await bot.send(oksana.id, Outgoing(text="x"))).state is State.ACCEPTED


async def test_what_only_buttons_could_show_is_said_beforehand(bot: SignalTransport) -> None:
    assert isinstance(bot.abilities, Abilities)
    assert (bot.messenger, bot.abilities.buttons, bot.abilities.changes) == ("signal", False, False)
    assert await bot.version() == "0.14.7"


# ---------------------------------------------------------------------- what does not arrive


GONE = Outcome(State.REFUSED, reason=Reason.GONE, unreachable=True, doubtful=True)
OTHER = Outcome(State.REFUSED, reason=Reason.OTHER)
MAYBE = Outcome(State.UNKNOWN)


def limited(seconds: float, token: str = "") -> Outcome:
    """Return what a limit is."""
    page = CAPTCHA_PAGE if token else ""
    return Outcome(State.WAITING, seconds=seconds, everybody=True, limited=True, challenge=token, challenge_page=page)


FAILURES: dict[str, tuple[Fault, Outcome]] = {
    "unregistered": (unregistered(), GONE),
    "limit": (rate_limited(), limited(0)),
    "limit with time": (rate_limited(30), limited(30)),
    "limit for ever": (rate_limited(10**12), limited(LONGEST_WAIT)),
    "captcha": (captcha(), limited(86400, TOKEN)),
    "keys": (invalid_pre_key(), OTHER),
    "network for one": (network_failure(), MAYBE),
    "network for one, taken": (network_failure(delivered=True), MAYBE),
    "a new failure": (Fault(Kind.RESULT, "FAILURE_OF_THE_FUTURE"), Outcome(State.UNKNOWN, limited=True)),
    "user error": (error(-1, "Sending empty message is not allowed"), OTHER),
    "no account": (invalid_params(), Outcome(State.WAITING, everybody=True)),
    "internal": (internal_error(), OTHER),
    "upload limit": (upload_limited(4), limited(4)),
    "io": (io_error(), MAYBE),
    "limit without results": (error(-5, "Failed to send message due to rate limiting"), limited(0)),
    "keys without results": (error(-4, "Failed to send message due to untrusted identities"), OTHER),
    "parse": (error(-32700, "Unexpected character"), OTHER),
    "request": (error(-32600, "Unrecognized field"), OTHER),
    "method": (error(-32601, "Method not implemented"), OTHER),
    "a new code": (error(-99, "x"), OTHER),
    "broke before": (breaks_connection(delivered=False), MAYBE),
    "broke after": (breaks_connection(delivered=True), MAYBE),
    "silent": (never_answers(delivered=False), MAYBE),
    "silent after": (never_answers(), MAYBE),
}


@pytest.mark.parametrize(("fault", "expected"), FAILURES.values(), ids=FAILURES.keys())
async def test_it_is_known_what_became_of(
    fault: Fault,
    expected: Outcome,
    bot: SignalTransport,
    oksana: SignalPerson,
    signal: PretendSignal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "ANSWER", 0.2)
    signal.fail("send", fault)
    outcome = await bot.send(oksana.id, Outgoing(text="Вітаємо"))
    comparable = Outcome(**{**vars(outcome), "reason": outcome.reason if outcome.state is State.REFUSED else ""})
    assert comparable == expected
    arrived = len(oksana.received)
    assert arrived <= (outcome.state is State.UNKNOWN), "what counts as not sent has not arrived"
    assert (await bot.send(oksana.id, Outgoing(text="Далі"))).state is State.ACCEPTED
    assert len(oksana.received) == arrived + 1


@pytest.mark.parametrize("fault", [late(0.05), garbage(), garbage("[" * 100_000), garbage('{"id":null}')])
async def test_an_answer_that_takes_its_time_is_waited_for(
    fault: Fault, bot: SignalTransport, oksana: SignalPerson, signal: PretendSignal
) -> None:
    signal.fail("send", fault)
    assert (await bot.send(oksana.id, Outgoing(text="x"))).message == on_screen(oksana).message_id


async def test_who_has_a_new_telephone_gets_the_message_at_once_and_once(
    bot: SignalTransport, oksana: SignalPerson
) -> None:
    await bot.send(oksana.id, Outgoing(text="1"))
    await oksana.reinstalls()
    assert (await bot.send(oksana.id, Outgoing(text="2"))).state is State.ACCEPTED
    assert on_screen(oksana).text == "2"


async def test_a_key_that_cannot_be_trusted_is_not_tried_for_ever(
    bot: SignalTransport, oksana: SignalPerson, signal: PretendSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER", 0.2)
    signal.fail("send", untrusted(), 2)
    assert await bot.send(oksana.id, Outgoing(text="x")) == OTHER
    for fault, state in ((error(-1, "The user is not registered."), State.REFUSED), (never_answers(), State.WAITING)):
        signal.fail("send", untrusted())
        signal.fail("trust", fault)
        assert (await bot.send(oksana.id, Outgoing(text="x"))).state is state
    assert oksana.received == []


async def test_without_signal_cli_nothing_leaves_and_with_it_all_does(
    bot: SignalTransport, oksana: SignalPerson, signal: PretendSignal
) -> None:
    assert await bot.reachable()
    for _ in range(5):
        await signal.daemon_dies()
        for _ in range(2):
            outcome = await bot.send(oksana.id, Outgoing(text="x"))
            assert (outcome.state, outcome.everybody) == (State.WAITING, True), "it certainly did not leave"
        assert not await bot.reachable()
        await signal.revive()
        assert await bot.reachable()
        assert (await bot.send(oksana.id, Outgoing(text="x"))).state is State.ACCEPTED
    assert len(oksana.received) == 5


async def test_a_send_waits_for_nobody_who_does_not_say_which_accounts_there_are(
    bot: SignalTransport, oksana: SignalPerson, signal: PretendSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "PATIENCE", 0.1)
    signal.fail("listAccounts", never_answers())
    outcome = await bot.send(oksana.id, Outgoing(text="x"))
    assert (outcome.state, outcome.everybody) == (State.WAITING, True), "it certainly did not leave"
    signal.fail("listAccounts", io_error())
    assert (await bot.send(oksana.id, Outgoing(text="x"))).state is State.WAITING
    assert (await bot.send(oksana.id, Outgoing(text="x"))).state is State.ACCEPTED
    assert len(oksana.received) == 1


async def test_while_signal_is_away_nobody_is_reachable(
    bot: SignalTransport, oksana: SignalPerson, signal: PretendSignal
) -> None:
    signal.network_gone = True
    outcome = await bot.send(oksana.id, Outgoing(text="x"))
    assert (outcome.state, outcome.everybody) == (State.UNKNOWN, True)
    assert not await bot.reachable()
    assert await bot.version()
    signal.network_gone = False
    assert await bot.reachable()
    assert (await bot.send(oksana.id, Outgoing(text="x"))).state is State.ACCEPTED


async def test_a_closed_transport_sends_nothing(signal: PretendSignal, oksana: SignalPerson) -> None:
    messenger = SignalTransport(Signal(signal.account, signal.socket))
    assert (await messenger.send(oksana.id, Outgoing(text="x"))).state is State.WAITING
    with pytest.raises(NotSent):
        await messenger.version()


async def test_markup_that_does_not_match_is_our_fault_and_stops_nothing(
    bot: SignalTransport, oksana: SignalPerson
) -> None:
    for wrong in ("<b>x", "a < b", "</i>"):
        assert await bot.send(oksana.id, Outgoing(text=wrong)) == OTHER
    assert await bot.send(oksana.id, Outgoing(act="change", text="x", replaces="no number")) == OTHER
    assert oksana.received == []


async def test_an_operator_is_told_what_signal_cli_says(bot: SignalTransport) -> None:
    assert await bot.request("updateProfile", givenName="Brücke") == {}
    with pytest.raises(Refused) as caught:
        await bot.request("submitRateLimitChallenge", challenge="x", captcha="y")
    assert caught.value.code == -6


# ---------------------------------------------------------------------- with the outbox


def waiting(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM outbox").fetchone()[0])


async def test_answers_arrive_once_and_in_order_whatever_happens_to_signal_cli(
    bot: SignalTransport,
    signal: PretendSignal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bot.sender.LOOK_AGAIN", 0.02)
    monkeypatch.setattr("bot.sender.LONGEST_PAUSE", 0.05)
    monkeypatch.setattr("bot.sender.FIRST_HOLD", 0.05)
    people = [signal.person(str(n)) for n in range(4)]
    signal.fail("send", rate_limited())
    signal.fail("send", invalid_params())
    async with open_store(tmp_path / "bot.db") as store:
        for n in range(6):
            for person in people:
                await store.write(
                    lambda db, to=person.id, n=n: outbox.put(db, "signal", to, None, Outgoing(text=str(n)), 1)  # type: ignore[misc]
                )
        await signal.daemon_dies()
        sender = Sender(store, bot, Pace(UNLIMITED))
        running = asyncio.create_task(sender.run())
        await logged(caplog, "nothing is sent for", 2)
        await signal.revive()
        await signal.changed(lambda: all(len(person.received) == 6 for person in people), TIMEOUT, "all answers")
        sender.stop()
        await running
        assert await store.read(waiting) == 0
    assert [[m.text for m in person.received] for person in people] == [[str(n) for n in range(6)]] * 4
