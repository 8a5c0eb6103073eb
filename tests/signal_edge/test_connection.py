"""What becomes of hearing when signal-cli comes and goes, hangs, or has lost the account."""

import asyncio
from pathlib import Path

import pytest

from bot.demo.pretend_signal import PretendSignal
from bot.demo.signal_faults import never_answers
from bot.demo.signal_people import SignalPerson
from bot.messages import Kind, Outgoing, State
from bot.settings import Signal
from bot.transports import signal as transport
from bot.transports.signal import SignalTransport
from tests.signal_edge.ears import TIMEOUT, Listener, listening, logged

# ---------------------------------------------------------------------- signal-cli comes and goes


async def test_what_is_written_while_signal_cli_is_away_is_heard_when_it_is_back(
    bot: Listener, oksana: SignalPerson, signal: PretendSignal
) -> None:
    for n in range(3):
        await signal.daemon_dies()
        await oksana.writes(f"Хтось є? {n}")
        await signal.revive()
        await bot.hears(f"Хтось є? {n}")
    assert (await bot.transport.send(oksana.id, Outgoing(text="Так"))).state is State.ACCEPTED
    assert bot.texts == [f"Хтось є? {n}" for n in range(3)]


@pytest.mark.parametrize("left", ["nothing", "a stale socket", "no socket at all"])
async def test_the_bot_can_start_before_signal_cli_does(
    left: str, oksana: SignalPerson, signal: PretendSignal, caplog: pytest.LogCaptureFixture
) -> None:
    await (signal.daemon_dies() if left == "a stale socket" else signal.daemon_stops())
    if left == "no socket at all":
        signal.socket.write_text("")
    await oksana.writes("Доброго ранку")
    async with listening(signal) as bot:
        await logged(caplog, "cannot be listened to", 3)
        assert not await bot.transport.reachable()
        await signal.revive()
        await bot.hears("Доброго ранку")
        assert bot.kinds == [Kind.TEXT]
        assert await bot.transport.reachable()


@pytest.mark.parametrize("method", ["version", "listAccounts", "subscribeReceive"])
async def test_a_signal_cli_that_does_not_answer_is_left_and_tried_again(
    method: str, signal: PretendSignal, oksana: SignalPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "PATIENCE", 0.1)
    signal.fail(method, never_answers(), 3)
    async with listening(signal) as bot:
        await signal.changed(lambda: not signal.faults.left(method), TIMEOUT, "tries")
        await oksana.writes("Хтось є?")
        await bot.hears("Хтось є?")


async def test_a_disk_that_is_slow_is_no_reason_to_leave_signal_cli(
    signal: PretendSignal, oksana: SignalPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "PATIENCE", 0.2)
    async with listening(signal) as bot:
        await signal.subscribed()
        n = signal.counts["subscribeReceive"]
        bot.disk.clear()
        await oksana.writes("Хтось є?")
        beats = signal.counts.get("version", 0)
        await signal.changed(lambda: signal.counts.get("version", 0) > beats + 4, TIMEOUT, "heartbeats")
        bot.disk.set()
        await bot.hears("Хтось є?")
        assert signal.counts["subscribeReceive"] == n


async def test_an_account_that_vanished_makes_the_bot_deaf_until_it_is_back(
    signal: PretendSignal, oksana: SignalPerson, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(signal) as bot:
        await signal.subscribed()
        await signal.account_vanishes()
        await logged(caplog, "cannot be listened to", 3)
        heard_at = bot.transport.heard_at
        await oksana.writes("Хтось є?")
        await logged(caplog, "cannot be listened to", 5)
        assert bot.transport.heard_at == heard_at
        assert (await bot.transport.send(oksana.id, Outgoing(text="Так"))).state is State.WAITING
        signal.registered = True
        signal.mailbox.look()
        if signal.single_account:
            signal.exit.clear()
            await signal.revive()
        else:
            assert "it does not have the account" in caplog.text
        await bot.hears("Хтось є?")
        assert bot.transport.heard_at > heard_at


async def test_a_silent_bot_is_alive_as_long_as_signal_cli_answers(bot: Listener) -> None:
    for _ in range(2):
        before = bot.transport.heard_at
        async with asyncio.timeout(TIMEOUT):
            while bot.transport.heard_at == before:  # noqa: ASYNC110 - nobody tells of a heartbeat
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("mode", ["on-start", "on-connection"])
async def test_a_signal_cli_that_receives_by_itself_is_understood_and_told_of(
    mode: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with PretendSignal(tmp_path / "socket", receive_mode=mode) as signal, listening(signal) as bot:
        await signal.subscribed()
        await bot.transport.reachable()
        oksana = signal.person("Оксана")
        for n in range(3):
            await oksana.writes(str(n))
        await bot.hears("0", "1", "2")
        assert bot.texts == ["0", "1", "2"]
        await signal.changed(lambda: "--receive-mode manual" in caplog.text, TIMEOUT, "a warning")
        assert caplog.text.count("--receive-mode manual") == 1


async def test_what_another_account_gets_is_not_heard(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    async with PretendSignal(path, single_account=False, receive_mode="on-start") as signal, listening(signal) as bot:
        await signal.subscribed()
        await bot.transport.reachable()
        oksana = signal.person("Оксана")
        for connection in signal.daemon.connections if signal.daemon else []:
            connection.subscriptions = dict.fromkeys(connection.subscriptions, False)
        event = signal.envelope(oksana)
        await signal.deliver_raw({**event, "account": "+4915199999999"}, oksana)
        await oksana.writes("Далі")
        await bot.hears("Далі")
        assert bot.texts == ["Далі"]


async def test_nothing_is_lost_when_the_bot_is_stopped_while_people_write(
    signal: PretendSignal, oksana: SignalPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "QUIET", 0.3)
    heard: list[str] = []
    written: list[str] = []
    for n in range(8):
        for m in range(20):
            written.append(f"{n} {m}")
            oksana.write(written[-1])
        async with listening(signal) as bot:
            await bot.until(lambda bot=bot: bot.texts, "something")  # type: ignore[misc]
        heard += bot.texts
        assert signal.counts["unsubscribeReceive"] == n + 1, "what it had yet to say would be lost with the connection"
    async with listening(signal) as bot:
        await oksana.writes("Далі")
        await bot.hears("Далі")
        heard += bot.texts[:-1]
    assert heard == written


async def test_the_bot_stops_although_signal_cli_hangs_and_the_disk_too(
    signal: PretendSignal, oksana: SignalPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LAST_WORDS", 0.1)
    began = asyncio.Event()

    async def for_ever(_: list[tuple[str, str]]) -> None:
        began.set()
        await asyncio.Event().wait()

    messenger = SignalTransport(Signal(signal.account, signal.socket))
    async with messenger:
        running = asyncio.create_task(messenger.run(for_ever))
        await oksana.writes("1")
        await began.wait()
        signal.fail("*", never_answers(), 50)
        running.cancel()
        async with asyncio.timeout(TIMEOUT):
            await asyncio.wait([running])
    assert running.cancelled()


async def test_who_cannot_keep_what_is_heard_ends(signal: PretendSignal, oksana: SignalPerson) -> None:
    async def fails(_: list[tuple[str, str]]) -> None:
        raise OSError("the disk")

    messenger = SignalTransport(Signal(signal.account, signal.socket))
    async with messenger:
        running = asyncio.create_task(messenger.run(fails))
        await oksana.writes("1")
        with pytest.raises(ExceptionGroup) as caught:
            await running
    assert caught.group_contains(OSError) if hasattr(caught, "group_contains") else True


# ---------------------------------------------------------------------- deafness


async def test_a_short_time_without_signal_cli_is_not_worth_mentioning(bot: Listener, signal: PretendSignal) -> None:
    await signal.daemon_dies()
    await signal.revive()
    await signal.person("Оксана").writes("1")
    await bot.hears("1")
    assert bot.kinds == [Kind.TEXT]


async def test_that_nobody_could_be_heard_is_heard_once_it_is_over(
    signal: PretendSignal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(transport, "DEAF", 0.01)
    monkeypatch.setattr(transport, "STILL_DEAF", 0.1)
    await signal.daemon_dies()
    async with listening(signal) as bot:
        await bot.until(lambda: bot.heard, "that nobody can be heard")
        await logged(caplog, "cannot be listened to", caplog.text.count("cannot be listened to") + 5)
        await signal.revive()
        await bot.until(lambda: len(bot.heard) > 1, "that it is over")
    still, over = bot.heard
    assert (still.kind, still.address, still.until) == (Kind.DEAF, "", 0)
    assert (over.kind, over.since) == (Kind.DEAF, still.since)
    assert over.since > 0
    assert over.since <= over.until <= over.since + 10
