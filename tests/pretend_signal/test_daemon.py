"""Claims about the signal-cli daemon that the pretend one keeps: its lines, its life, what waits and what is lost."""

from __future__ import annotations

import asyncio
import json
import signal as signals
import sys
from typing import TYPE_CHECKING, Any

import pytest

from bot.demo import signal_faults as faults
from bot.demo.pretend_signal import DaemonExits, PretendSignal, StaleSocket, main
from bot.demo.signal_chats import CannotDo
from bot.demo.signal_world import SignalWorld
from tests.pretend_signal_client import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.demo.signal_people import SignalPerson


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s"


@pytest.fixture
async def signal(path: Path) -> AsyncIterator[PretendSignal]:
    async with PretendSignal(path) as signal:
        yield signal


@pytest.fixture
async def bot(signal: PretendSignal) -> AsyncIterator[Client]:
    async with Client(signal) as bot:
        yield bot


# ---------------------------------------------------------------------- lines


@pytest.mark.parametrize(
    ("said", "code", "words", "number"),
    [
        ("", -32700, "Empty input line", None),
        ("   ", -32700, "Empty input line", None),
        ("{bad", -32700, "Unexpected character ('b' (code 98))", None),
        ("[]", -32600, "invalid request", None),
        ("5", -32600, "unexpected type: NUMBER", None),
        ("null", -32600, "unexpected type: NULL", None),
        ('{"jsonrpc":"1.0","method":"version","id":1}', -32600, "only jsonrpc version 2.0 is supported", 1),
        ('{"jsonrpc":"2.0","id":1}', -32600, "method field must be set", 1),
        ('{"jsonrpc":"2.0","method":"version","id":1,"x":2}', -32600, 'Unrecognized field "x"', 1),
        ('{"jsonrpc":"2.0","method":"version","id":[1]}', -32600, "Cannot construct instance", None),
        ('{"jsonrpc":"2.0","method":"send","id":1,"params":5}', -32600, "Cannot construct instance", 1),
        ('{"jsonrpc":"2.0","method":"send","id":1,"params":[1]}', -32600, "Cannot deserialize value of type `java", 1),
        ('{"jsonrpc":"2.0","method":"noSuch","id":"a"}', -32601, "Method not implemented", "a"),
    ],
)
async def test_a_line_that_is_no_request_is_refused_in_its_words(
    bot: Client, said: str, code: int, words: str, number: Any
) -> None:
    answer = await bot.line(said)
    assert (answer["error"]["code"], answer["id"]) == (code, number)
    assert words in answer["error"]["message"]
    assert answer["error"]["data"] is None


async def test_an_answer_of_the_client_and_a_notification_get_no_answer(bot: Client) -> None:
    bot.say({"jsonrpc": "2.0", "result": {}, "id": 1})
    bot.say({"jsonrpc": "2.0", "method": "version", "params": None})
    assert await bot.line('{"jsonrpc":"2.0","method":"version","id":7}') == {
        "jsonrpc": "2.0",
        "result": {"version": "0.14.7"},
        "id": 7,
    }


async def test_a_batch_is_answered_at_once_without_its_notifications(bot: Client) -> None:
    version = {"jsonrpc": "2.0", "method": "version"}
    answers = await bot.line(json.dumps([version | {"id": 1}, version | {"method": "x", "id": 2}, version, 5]))
    assert sorted((each["id"] or 0, each.get("error", {}).get("code", 0)) for each in answers) == [
        (0, -32600),
        (1, 0),
        (2, -32601),
    ]


async def test_answers_come_out_of_order(bot: Client) -> None:
    asked = [bot.ask("version") for _ in range(40)]
    await asyncio.gather(*asked)
    numbers = [json.loads(line)["id"] for line in bot.lines]
    assert sorted(numbers) == list(range(1, 41))
    assert numbers != sorted(numbers)


async def test_the_order_of_answers_is_the_same_with_the_same_seed(tmp_path: Path) -> None:
    orders = []
    for name in ("a", "b"):
        async with PretendSignal(tmp_path / name, seed=7) as signal, Client(signal) as bot:
            await asyncio.gather(*(bot.ask("version") for _ in range(20)))
            orders.append([json.loads(line)["id"] for line in bot.lines])
    assert orders[0] == orders[1]


# ---------------------------------------------------------------------- one account or several


async def test_with_one_account_the_parameter_is_ignored_even_if_wrong(bot: Client, olena: SignalPerson) -> None:
    await bot.call("send", account="+491", recipient=olena.id, message="x")
    for method in ("listAccounts", "register", "verify", "startLink", "finishLink"):
        assert (await bot.refused(method, account="+491"))["code"] == -32601
    assert (await bot.refused("receive", account="+491"))["code"] == -32600


async def test_with_several_accounts_the_parameter_has_to_be_right(path: Path) -> None:
    async with PretendSignal(path, single_account=False) as signal, Client(signal) as bot:
        olena = signal.person("Олена")
        for account in ({}, {"account": signal.account}, {"account": signal.aci}):
            await bot.call("send", recipient=olena.id, message="x", **account)
        wrong = await bot.refused("send", account="+491", recipient=olena.id, message="x")
        assert (wrong["code"], wrong["message"]) == (-32602, "Specified account does not exist")
        assert (await bot.refused("register"))["message"] == "Method requires valid account parameter"
        assert await bot.call("listAccounts") == [{"number": signal.account}]


async def test_an_account_that_vanishes_among_several_is_only_missing_from_the_list(path: Path) -> None:
    async with PretendSignal(path, single_account=False) as signal, Client(signal) as bot:
        await bot.subscribes()
        await signal.account_vanishes()
        assert await bot.call("listAccounts") == []
        assert (await bot.refused("send", recipient="x", message="y"))["message"] == (
            "Method requires valid account parameter"
        )
        assert (await bot.refused("subscribeReceive", account=signal.account))["code"] == -32602
        assert await bot.subscribes() == 1
        await signal.person("Олена").writes("Привіт")
        assert await bot.call("version") == {"version": "0.14.7"}
        assert not bot.events
        assert signal.running


async def test_a_single_account_that_vanishes_takes_the_daemon_with_it(
    signal: PretendSignal, bot: Client, path: Path
) -> None:
    await signal.account_vanishes()
    await asyncio.wait_for(bot.ended.wait(), 30)
    assert not signal.running
    assert not path.exists()
    with pytest.raises(DaemonExits, match="not registered") as refused:
        await signal.daemon_starts()
    assert refused.value.code == 1


# ---------------------------------------------------------------------- subscriptions


async def test_what_people_write_while_nobody_listens_waits_at_the_server(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    await olena.writes("Привіт")
    await olena.writes("Є хто?")
    assert await bot.subscribes() == 0
    await signal.all_taken()
    await bot.hears(2)
    assert bot.texts == ["Привіт", "Є хто?"]
    assert bot.events[0]["subscription"] == 0
    assert olena.messages[0].ticks == 2


async def test_everybody_who_subscribed_hears_everything(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    async with Client(signal) as other:
        assert [await bot.subscribes(), await other.subscribes(), await other.subscribes()] == [0, 1, 2]
        await signal.subscribed()
        await olena.writes("Привіт")
        await bot.hears()
        await other.hears(2)
        assert [event["subscription"] for event in other.events] == [1, 2]
        await other.call("unsubscribeReceive", subscription=1)
        await olena.writes("Ще")
        await other.hears(3)
        assert other.events[2]["subscription"] == 2


async def test_what_comes_after_the_last_one_unsubscribed_waits_at_the_server(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    await bot.subscribes()
    await bot.call("unsubscribeReceive", subscription=0)
    await olena.writes("Привіт")
    await bot.call("version")
    assert not signal.mailbox.empty
    async with Client(signal) as other:
        await other.subscribes()
    await signal.changed(lambda: not signal.daemon_state["subscriptions"])
    await olena.writes("Є хто?")
    await bot.call("version")
    assert len(signal.mailbox.waiting) == 1
    assert not bot.events
    assert not signal.mailbox.lost


async def test_unsubscribing_needs_a_number_that_is_known(path: Path, signal: PretendSignal, bot: Client) -> None:
    await bot.subscribes()
    assert (await bot.refused("unsubscribeReceive", subscription=5))["message"] == "Unknown subscription id"
    await bot.call("unsubscribeReceive")
    assert not signal.daemon_state["subscriptions"]
    async with PretendSignal(path.with_name("t"), single_account=False) as several, Client(several) as other:
        refusal = await other.refused("unsubscribeReceive")
        assert (refusal["code"], refusal["message"]) == (-1, "Missing subscription parameter with subscription id")


async def test_events_of_a_connection_that_subscribes_by_itself_are_not_wrapped(path: Path) -> None:
    async with PretendSignal(path, receive_mode="on-connection") as signal:
        olena = signal.person("Олена")
        await olena.writes("Привіт")
        async with Client(signal) as bot:
            await bot.hears()
            assert bot.events[0]["envelope"]["dataMessage"]["message"] == "Привіт"


async def test_receiving_from_the_start_loses_what_comes_while_nobody_is_connected(path: Path) -> None:
    async with PretendSignal(path, receive_mode="on-start") as signal:
        olena = signal.person("Олена")
        await olena.writes("Привіт")
        await signal.all_taken()
        assert len(signal.mailbox.lost) == 1
        async with Client(signal) as bot:
            await signal.subscribed()
            await olena.writes("Є хто?")
            await bot.hears()
            assert bot.texts == ["Є хто?"]


async def test_receive_returns_what_waits_unless_somebody_is_subscribed(bot: Client, olena: SignalPerson) -> None:
    await olena.writes("1")
    await olena.writes("2")
    first = await bot.call("receive", timeout=0.05, maxMessages=1)
    assert [event["envelope"]["dataMessage"]["message"] for event in first] == ["1"]
    assert len(await bot.call("receive", timeout=0.05)) == 1
    assert await bot.call("receive", timeout=0.01) == []
    await bot.subscribes()
    assert "already being received" in (await bot.refused("receive"))["message"]


async def test_a_client_that_does_not_read_holds_everything_up_and_loses_nothing(
    signal: PretendSignal, olena: SignalPerson
) -> None:
    reader, writer = await asyncio.open_unix_connection(str(signal.socket), limit=1024)
    writer.write(b'{"jsonrpc":"2.0","method":"subscribeReceive","id":1}\n')
    await signal.subscribed()
    for _ in range(20):
        await olena.writes("й" * 40_000)
    await asyncio.sleep(0.1)
    assert signal.mailbox.waiting, "it goes on although nobody reads"
    with pytest.raises(AssertionError, match="everything taken"):
        await signal.all_taken(0.05)
    received = b""
    while received.count(b"\n") < 21:
        received += await reader.read(2**20)
    assert received.count("й".encode()) == 20 * 40_000
    await signal.all_taken()
    assert not signal.mailbox.lost
    writer.close()


async def test_what_was_written_to_somebody_who_dies_is_lost(signal: PretendSignal, olena: SignalPerson) -> None:
    async with Client(signal) as bot:
        await bot.subscribes()
        bot.reading.cancel()
        await olena.writes("Привіт")
        await signal.changed(lambda: signal.mailbox.empty)
    async with Client(signal) as bot:
        await bot.subscribes()
        await olena.writes("Є хто?")
        await bot.hears()
        assert bot.texts == ["Є хто?"]


async def test_what_cannot_be_written_is_lost(signal: PretendSignal, olena: SignalPerson) -> None:
    signal.decryption = (0.0, 0.05)
    async with Client(signal) as bot:
        await bot.subscribes()
        await olena.writes("Привіт")
        await signal.changed(lambda: signal.mailbox.decrypted)
    await signal.all_taken()
    assert len(signal.mailbox.lost) == 1


async def test_all_taken_waits_until_the_client_has_read(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    await bot.subscribes()
    bot.reader._transport.pause_reading()  # type: ignore[attr-defined]  # noqa: SLF001  # nothing else stops reading
    await olena.writes("Привіт")
    await signal.changed(lambda: signal.mailbox.empty)
    with pytest.raises((AssertionError, TimeoutError)):
        await signal.all_taken(0.05)


# ---------------------------------------------------------------------- the daemon's life


async def test_a_socket_that_was_left_behind_stops_the_next_start(signal: PretendSignal, path: Path) -> None:
    await signal.daemon_dies()
    assert path.exists()
    with pytest.raises(StaleSocket, match="Address already in use"):
        await signal.daemon_starts()
    assert not signal.daemon_state["running"]
    await signal.revive()
    assert signal.running
    with pytest.raises(DaemonExits, match="in use by another instance"):
        await signal.daemon_starts()


async def test_a_stop_ends_connections_properly_and_removes_the_socket(
    signal: PretendSignal, bot: Client, path: Path
) -> None:
    await bot.call("version")
    await signal.daemon_stops()
    await asyncio.wait_for(bot.ended.wait(), 30)
    assert all(line.endswith("\n") for line in bot.lines)
    assert not path.exists()


async def test_a_death_leaves_half_a_line_and_some_messages_that_arrived(signal: PretendSignal) -> None:
    signal.latency = (0.05, 0.05)
    people = [signal.person(f"Person {number}") for number in range(12)]
    async with Client(signal) as bot:
        for person in people:
            bot.ask("send", recipient=person.id, message="Привіт")
        await signal.changed(lambda: len(signal.in_flight) == 12)
        await signal.daemon_dies()
        await asyncio.wait_for(bot.ended.wait(), 30)
    assert bot.lines
    assert not bot.lines[-1].endswith("\n")
    assert 0 < sum(person.sees("Привіт") for person in people) < 12
    assert [call.answer for call in signal.calls] == [None] * 12
    assert not signal.in_flight


async def test_a_death_before_decryption_loses_nothing_and_after_it_the_message(
    signal: PretendSignal, olena: SignalPerson
) -> None:
    signal.decryption = (0.2, 0.0)
    await olena.writes("in the cache")
    async with Client(signal) as bot:
        await bot.subscribes()
        await asyncio.sleep(0.05)
        assert signal.mailbox.taken
        await signal.daemon_dies()
    signal.decryption = (0.0, 0.2)
    await signal.revive()
    async with Client(signal) as bot:
        await olena.writes("after it")
        await bot.subscribes()
        await bot.hears()
        assert bot.texts == ["in the cache"]
        await signal.changed(lambda: signal.mailbox.decrypted)
        await asyncio.sleep(0.05)
        await signal.daemon_dies()
        await asyncio.wait_for(bot.ended.wait(), 30)
        assert not bot.lines[-1].endswith("\n")
    assert len(signal.mailbox.lost) == 1
    assert signal.mailbox.empty


async def test_nothing_is_heard_twice_and_what_is_not_heard_is_known_to_be_lost(
    signal: PretendSignal, olena: SignalPerson
) -> None:
    signal.decryption = (0.001, 0.001)
    said = [str(number) for number in range(200)]
    heard: list[str] = []
    for begin in range(0, 200, 20):
        async with Client(signal) as bot:
            await bot.subscribes()
            for text in said[begin : begin + 20]:
                await olena.writes(text)
            await asyncio.sleep(signal.random.uniform(0, 0.05))
            await signal.daemon_dies()
            await asyncio.wait_for(bot.ended.wait(), 30)
            heard += bot.texts
        await signal.revive()
    waits = [entry.event for entry in signal.mailbox.waiting]
    others = [event["envelope"]["dataMessage"]["message"] for event in [*signal.mailbox.lost, *waits]]
    assert sorted(heard + others, key=int) == said
    assert heard == sorted(heard, key=int)
    assert signal.mailbox.lost
    assert heard


async def test_people_and_what_waits_survive_the_daemon(signal: PretendSignal, olena: SignalPerson) -> None:
    async with Client(signal) as bot:
        await bot.call("send", recipient=olena.id, message="Вітаємо")
    await signal.daemon_dies()
    await olena.writes("Чуєте?")
    await signal.revive()
    async with Client(signal) as bot:
        await bot.subscribes()
        await signal.all_taken()
        await signal.changed(lambda: bot.texts == ["Чуєте?"])
    assert olena.sees("Вітаємо")


async def test_without_signal_nothing_comes_all_sends_fail_and_no_daemon_starts(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    await bot.subscribes()
    signal.network_gone = True
    await olena.writes("Привіт")
    assert (await bot.refused("send", recipient=olena.id, message="x"))["code"] == -1
    assert not bot.events
    signal.network_gone = False
    await bot.hears()
    await signal.daemon_stops()
    signal.network_gone = True
    with pytest.raises(DaemonExits) as refused:
        await signal.daemon_starts()
    assert refused.value.code == 3


# ---------------------------------------------------------------------- faults of the line


async def test_a_broken_connection_leaves_open_whether_the_message_arrived(
    signal: PretendSignal, olena: SignalPerson
) -> None:
    for delivered in (True, False):
        signal.fail("send", faults.breaks_connection(delivered=delivered))
        async with Client(signal) as bot:
            bot.ask("send", recipient=olena.id, message=str(delivered))
            await asyncio.wait_for(bot.ended.wait(), 30)
    assert [message.text for message in olena.received] == ["True"]
    assert signal.running


async def test_some_answers_never_come_or_late_or_after_garbage(
    signal: PretendSignal, bot: Client, olena: SignalPerson
) -> None:
    signal.fail("send", faults.never_answers())
    signal.fail("send", faults.never_answers(delivered=False))
    signal.fail("version", faults.late(0.1))
    signal.fail("version", faults.garbage())
    unanswered = [bot.ask("send", recipient=olena.id, message=text) for text in "ab"]
    await asyncio.sleep(0.02)
    late = bot.ask("version")
    await asyncio.sleep(0.05)
    assert not late.done()
    assert await bot.call("version") == {"version": "0.14.7"}
    assert bot.lines[0] == '{"jsonrpc":"2.0","result":{"timest\n'
    await late
    assert not any(each.done() for each in unanswered)
    assert len(olena.received) == 1
    assert signal.faults.left("version") == 0


async def test_any_method_can_be_refused_with_any_error(signal: PretendSignal, bot: Client) -> None:
    signal.fail("*", faults.internal_error())
    signal.fail("*", faults.invalid_params())
    signal.fail("*", faults.io_error())
    signal.fail("*", faults.network_failure())
    codes = [(await bot.refused("listContacts"))["code"] for _ in range(4)]
    assert codes == [-32603, -32602, -3, -3]
    assert [call.code for call in signal.calls] == codes
    assert signal.counts == {"listContacts": 4}


async def test_requests_take_as_long_as_is_ordered(signal: PretendSignal, bot: Client) -> None:
    signal.latency = (0.05, 0.06)
    before = asyncio.get_running_loop().time()
    await bot.call("version")
    assert asyncio.get_running_loop().time() - before >= 0.05


# ---------------------------------------------------------------------- watching


async def test_whoever_watches_is_told_of_everything(signal: PretendSignal, bot: Client, olena: SignalPerson) -> None:
    heard: list[Any] = []
    ends = signal.subscribe(heard.append)
    await bot.call("send", recipient=olena.id, message="x")
    await signal.changed(lambda: olena.last is not None and olena.last.ticks == 2)
    assert {event["event"] for event in heard} == {"message", "call", "receipt"}
    assert heard[0]["message"]["text"] == "x"
    ends()
    await olena.writes("y")
    assert heard[-1]["event"] != "message"


async def test_waiting_in_vain_says_what_is_on_the_screens(signal: PretendSignal, olena: SignalPerson) -> None:
    await olena.writes("Привіт")
    with pytest.raises(AssertionError, match=r"(?s)a miracle.*Олена К. > 'Привіт'.*waiting: 1"):
        await signal.changed(lambda: False, 0.01, "a miracle")

    def breaks() -> bool:
        if olena.messages[1:]:
            raise CannotDo("oh")
        return False

    waiting = asyncio.ensure_future(signal.changed(breaks))
    await asyncio.sleep(0)
    await olena.writes("Ще")
    with pytest.raises(CannotDo, match="oh"):
        await waiting


# ---------------------------------------------------------------------- the daemon as a process


async def start(path: Path, world: Path) -> asyncio.subprocess.Process:
    arguments = ["-m", "bot.demo.pretend_signal", "--socket", str(path), "--world", str(world)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    return process


async def test_a_daemon_of_its_own_can_really_be_killed(tmp_path: Path) -> None:
    world = SignalWorld()
    olena = world.person("Олена")
    path = tmp_path / "s"
    async with world.serve(tmp_path / "w"):
        process = await start(path, tmp_path / "w")
        async with Client(world, path) as bot:
            await bot.subscribes()
            await olena.writes("Привіт")
            await bot.hears()
            await bot.call("send", recipient=olena.id, message="Вітаємо")
            process.kill()
            await process.wait()
            await asyncio.wait_for(bot.ended.wait(), 30)
        await world.changed(lambda: not world.daemon_state["running"])
        assert olena.sees("Вітаємо")
        refused = await start(path, tmp_path / "w")
        assert await refused.wait() == 3
        path.unlink()
        await olena.writes("Чуєте?")
        process = await start(path, tmp_path / "w")
        async with Client(world, path) as bot:
            await bot.subscribes()
            await world.changed(lambda: bot.texts == ["Чуєте?"])
            await world.all_taken()
        process.send_signal(signals.SIGTERM)
        assert await process.wait() == 0
        assert not path.exists()
        process = await start(path, tmp_path / "w")
        await world.account_vanishes()
        assert await process.wait() == 1
    world.stop_timers()


async def test_a_daemon_of_its_own_ends_with_its_world(tmp_path: Path) -> None:
    world = SignalWorld()
    async with world.serve(tmp_path / "w"):
        process = await start(tmp_path / "s", tmp_path / "w")
    assert await process.wait() == 0


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "--world" in capsys.readouterr().out
