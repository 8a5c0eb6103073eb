"""Whatever people do, in any order, with restarts: they are answered, nothing breaks, nothing is kept without consent.

The machine of hypothesis plays one person, with buttons or without. Thousands of steps go straight into the turns (what
leaves is checked by the rules of its messenger); a few whole plays go over the network, with the bot really stopped and
started.
"""

import asyncio
import contextlib
import json
import re
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import handlers
from bot import markup, outbox, profile, staff, storage, turns
from bot.conversations import Conversations
from bot.demo.telegram_html import parse_html
from bot.languages import Languages
from bot.messages import Incoming, Outcome, Outgoing, State
from bot.settings import Signal, Telegram
from bot.staff import Role
from bot.transports import signal_envelopes as envelopes
from bot.transports.signal import SignalTransport
from bot.transports.telegram import TelegramTransport
from bot.words import clean, word_list
from tests.bridge import OnTelegram, town

if TYPE_CHECKING:
    from tests.bridge import Somebody, Town

CITY = profile.read("dortmund-schytomyr")
MESSENGERS = st.sampled_from(["telegram", "signal"])

WORDS = sorted({*word_list().acts, *word_list().answers})
TYPED = st.one_of(
    st.sampled_from([*WORDS, "1", "2", "9", "0", "1 3", "1,2"]),
    st.sampled_from(
        ["/start", "/menu", "/stop", "/delete", "/broadcast", "/numbers", "/start join-x", "/start offer", "/x"]
    ),
    st.sampled_from(["Українська", "Deutsch", "Oksana", "name@example.org", "chat", "0231 1234567", "Дортмунд"]),
    st.text(min_size=1, max_size=40),
    st.text(alphabet="\x00\u202e\ud800<&>*_`{}[]%'\"\\/ \n👩‍👧", min_size=1, max_size=20),
)
FORGED = st.one_of(
    st.sampled_from(
        ["go:broadcast", "go:numbers", "go:menu", "go:", "go:file", "go:delete", "go:language:uk", "go:language:xx"]
    ),
    st.builds(
        "a:{}:{}:{}".format,
        st.integers(100_000, 100_040),
        st.sampled_from(["consent", "topics", "sure"]),
        st.text(max_size=8),
    ),
    st.text(min_size=1, max_size=16),
)
MEDIA = st.sampled_from(["photo", "voice", "sticker", "location", "contact", "document"])


class Booth(ABC):
    """A person and the bot's turns in one room, without any network in between."""

    transport: TelegramTransport | SignalTransport

    def __init__(self) -> None:
        self.messenger = self.transport.messenger
        self.conversations = Conversations(
            CITY,
            Languages(CITY.languages),
            handlers.conversations(CITY),
            {self.messenger: self.transport.abilities},
            {self.messenger: replace(self.transport.limits, turns_per_minute=None, seconds_to_read=2)},
        )
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA foreign_keys=ON")
        storage.migrate(self.db)
        self.screen: dict[str, list[str]] = {}
        """By the messenger's ids of our messages: what can be chosen under each."""
        self.sent: list[str] = []
        """The messenger's ids of what the person wrote."""
        self.numbers = iter(range(1, 1_000_000))
        self.now = time.time()

    def close(self) -> None:
        """Leave."""
        self.db.close()

    def invitation(self) -> str:
        """Return the code of an invitation."""
        return staff.invite(self.db, Role.ADMIN, int(time.time()))

    def choices(self) -> list[tuple[str, str]]:
        """Return all that can be chosen on the screen as (message, what it carries), oldest first."""
        return [(message, data) for message, carried in self.screen.items() for data in carried]

    @abstractmethod
    def writes(self, text: str) -> int:
        """Write; return how many messages came back."""

    @abstractmethod
    def sends(self, kind: str) -> int:
        """Send something that is no text."""

    @abstractmethod
    def chooses(self, data: str, message: str, is_newest: bool = False) -> int:
        """Choose something under a message."""

    @abstractmethod
    def forges(self, data: str) -> int:
        """Choose what was never there."""

    @abstractmethod
    def edits(self, own: str, text: str) -> int:
        """Change an own message."""

    def understands(self, event: dict[str, Any]) -> Incoming | None:
        """Keep an event as long as until its turn, and read it."""
        return self.transport.understand(json.dumps(event))

    def hears(self, event: dict[str, Any]) -> list[Outgoing]:
        """Let the bot take a turn, and return what leaves."""
        heard = self.understands(event)
        self.db.execute("BEGIN IMMEDIATE")
        self.now += 10  # slow enough that nothing counts as done twice
        if heard is not None:
            turns.take(self.conversations, self.db, heard, self.now)
        self.db.execute("COMMIT")
        left = []
        while rows := outbox.claim(self.db, self.messenger, (), 100, 0, self.now):
            for row in rows:
                left.append(row.outgoing)
                message = row.outgoing.replaces or str(next(self.numbers))
                outbox.record(self.db, self.messenger, row, Outcome(State.ACCEPTED, message=message), self.now)
                if row.outgoing.act in ("send", "change"):
                    self.screen[message] = self.shown(row.outgoing)
        return left

    @abstractmethod
    def shown(self, outgoing: Outgoing) -> list[str]:
        """Check what arrives as the messenger would, and return what can be chosen."""


def _messages(outgoings: list[Outgoing]) -> int:
    return sum(outgoing.act in ("send", "change") for outgoing in outgoings)


class WithButtons(Booth):
    """The room of somebody with Telegram."""

    def __init__(self) -> None:
        self.transport = TelegramTransport(Telegram("1:x", "http://127.0.0.1:1", "", ""))
        super().__init__()

    def writes(self, text: str) -> int:
        """Write; return how many messages came back."""
        return self._happens("message", {"text": text})

    def sends(self, kind: str) -> int:
        """Send something that is no text."""
        return self._happens("message", {kind: {}})

    def edits(self, own: str, text: str) -> int:
        """Change an own message."""
        return self._happens("edited_message", {"message_id": int(own), "text": text})

    def chooses(self, data: str, message: str, is_newest: bool = False) -> int:
        """Press; the acknowledgement is not counted as an answer but has to be there."""
        press = {
            "id": str(next(self.numbers)),
            "data": data,
            "message": {"message_id": int(message), "chat": {"type": "private"}},
        }
        return self._happens("callback_query", press)

    def forges(self, data: str) -> int:
        """Press what no button carries."""
        return self.chooses(data, "1")

    def _happens(self, kind: str, body: dict[str, Any]) -> int:
        who = {"from": {"id": 7}, "chat": {"id": 7, "type": "private"}, "message_id": next(self.numbers)}
        if kind == "message":
            self.sent.append(str(who["message_id"]))
        outgoings = self.hears({kind: {**who, **body}})
        assert kind != "callback_query" or outgoings[0].act == "acknowledge", "a button still spins"
        return _messages(outgoings)

    def shown(self, outgoing: Outgoing) -> list[str]:
        """Check what arrives as Telegram would."""
        plain, _entities = parse_html(outgoing.text)
        assert 0 < markup.units(plain) <= 4096
        assert len(outgoing.buttons) <= 100
        assert all(0 < len(button.data.encode()) <= 64 and button.label.strip() for button in outgoing.buttons)
        return [button.data for button in outgoing.buttons]


class WithNumbers(Booth):
    """The room of somebody with Signal."""

    def __init__(self) -> None:
        self.transport = SignalTransport(Signal("+4915100000001", Path("nowhere")))
        super().__init__()

    def understands(self, event: dict[str, Any]) -> Incoming | None:
        """Keep an event as long as until its turn, and read it."""
        heard = envelopes.read(event)
        return self.transport.understand(envelopes.stored(heard)) if heard else None

    def writes(self, text: str) -> int:
        """Write; of what shows nothing nobody hears."""
        self.sent.append(str(next(self.numbers)))
        return self._data(message=text, timestamp=int(self.sent[-1])) or not clean(text)

    def sends(self, kind: str) -> int:
        """Send something that is no text."""
        sticker, file = {"sticker": {"stickerId": 3}}, {"attachments": [{"contentType": kind}]}
        return self._data(**(sticker if kind == "sticker" else file))

    def chooses(self, data: str, message: str, is_newest: bool = False) -> int:
        """Write what stands in a line, and quote the message unless it is the newest."""
        return self._data(message=data, **({} if is_newest else {"quote": {"id": int(message)}}))

    def forges(self, data: str) -> int:
        """Write what a button would carry, under a message that nobody knows."""
        return self._data(message=data, quote={"id": 999_999}) or not clean(data)

    def edits(self, own: str, text: str) -> int:
        """Change an own message."""
        edit = {"targetSentTimestamp": int(own), "dataMessage": {"message": text, "timestamp": next(self.numbers)}}
        return self._happens(editMessage=edit)

    def reacts(self, message: str, emoji: str) -> int:
        """Put an emoji on a message of ours."""
        return self._data(reaction={"emoji": emoji, "targetSentTimestamp": int(message)})

    def deletes(self, own: str) -> int:
        """Take an own message back."""
        return self._data(remoteDelete={"timestamp": int(own)})

    def _data(self, **data: Any) -> int:
        return self._happens(dataMessage={"timestamp": next(self.numbers), **data})

    def _happens(self, **payload: Any) -> int:
        who = {"sourceUuid": "00000002-aaaa-4aaa-8aaa-aaaaaaaaaaa2", "sourceDevice": 1}
        return _messages(self.hears({"envelope": {**who, "timestamp": next(self.numbers), **payload}}))

    def shown(self, outgoing: Outgoing) -> list[str]:
        """Check what arrives as Signal would; each line of a menu can be typed."""
        plain = markup.plain(outgoing.text)
        assert 0 < len(plain.encode(errors="replace")) <= 2000 or outgoing.file_name
        choices = re.findall(r"^(\d+|[MМFГ]) – .", plain.rpartition("\n\n")[2], re.MULTILINE)
        assert len(choices) in (0, len(outgoing.buttons)), "what can be chosen is not what stands there"
        return choices


class Anybody(RuleBasedStateMachine):
    """One person does anything; the machine knows only what must always hold."""

    @initialize(is_staff=st.booleans(), messenger=MESSENGERS)
    def open(self, is_staff: bool, messenger: str) -> None:
        """Come in."""
        self.booth: Booth = WithButtons() if messenger == "telegram" else WithNumbers()
        if is_staff:
            self.booth.writes(f"/start join-{self.booth.invitation()}")

    def teardown(self) -> None:
        """Leave."""
        if hasattr(self, "booth"):
            self.booth.close()

    @rule(text=TYPED)
    def writes(self, text: str) -> None:
        """Write anything."""
        assert self.booth.writes(text), "somebody was left without an answer"

    @rule(data=st.data())
    def chooses_anything(self, data: st.DataObject) -> None:
        """Choose anything on the screen, however old."""
        if shown := self.booth.choices():
            message, value = data.draw(st.sampled_from(shown[-40:]), label="choice")
            self.booth.chooses(value, message)

    @rule(data=st.data())
    def goes_on(self, data: st.DataObject) -> None:
        """Choose an answer to the newest question, so that conversations get somewhere."""
        if shown := self.booth.choices():
            ways_out = (":!back", ":!cancel", "M", "М", "0")
            newest = [(m, value) for m, value in shown if m == shown[-1][0] and not value.endswith(ways_out)]
            message, value = data.draw(st.sampled_from(newest or shown), label="choice")
            assert self.booth.chooses(value, message, is_newest=bool(newest)), "somebody was left without an answer"

    @rule(value=FORGED)
    def forges(self, value: str) -> None:
        """Choose what was never there."""
        assert self.booth.forges(value), "somebody was left without an answer"

    @rule(text=TYPED, data=st.data())
    def edits(self, text: str, data: st.DataObject) -> None:
        """Change a message that was sent."""
        if self.booth.sent:
            self.booth.edits(data.draw(st.sampled_from(self.booth.sent[-3:]), label="own"), text)

    @precondition(lambda self: isinstance(self.booth, WithNumbers))
    @rule(emoji=st.sampled_from(["👍", "👎", "1️⃣", "8️⃣", "❤️"]), data=st.data())
    def reacts(self, emoji: str, data: st.DataObject) -> None:
        """Put an emoji on a message."""
        assert isinstance(self.booth, WithNumbers)
        if self.booth.screen:
            self.booth.reacts(data.draw(st.sampled_from([*self.booth.screen][-3:]), label="message"), emoji)

    @precondition(lambda self: isinstance(self.booth, WithNumbers))
    @rule(data=st.data())
    def deletes(self, data: st.DataObject) -> None:
        """Take a message back."""
        assert isinstance(self.booth, WithNumbers)
        if self.booth.sent:
            self.booth.deletes(data.draw(st.sampled_from(self.booth.sent[-5:]), label="own"))

    @rule(kind=MEDIA)
    def sends(self, kind: str) -> None:
        """Send something that is no text."""
        self.booth.sends(kind)

    @invariant()
    def nothing_is_kept_without_consent(self) -> None:
        """Registrations and offers exist only together with their consents."""
        if hasattr(self, "booth"):
            assert _kept_without_consent(self.booth.db) == 0

    @invariant()
    def something_is_always_open(self) -> None:
        """There is at most one open question, and the newest message leads on."""
        if hasattr(self, "booth") and self.booth.screen:
            assert self.booth.choices(), "nothing leads on from here"


def _kept_without_consent(db: sqlite3.Connection) -> int:
    query = """SELECT
        (SELECT count(*) FROM interests WHERE person NOT IN (SELECT person FROM consents WHERE purpose = 'news'))
        + (SELECT count(*) FROM interests WHERE raion IS NOT NULL
           AND person NOT IN (SELECT person FROM consents WHERE purpose = 'origin'))
        + (SELECT count(*) FROM offers WHERE person NOT IN (SELECT person FROM consents WHERE purpose = 'volunteer'))"""
    return int(db.execute(query).fetchone()[0])


TestAnybody = Anybody.TestCase
TestAnybody.settings = settings(
    max_examples=150, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)


class AnybodyOverHttp(RuleBasedStateMachine):
    """The same over the network against pretend messengers, with restarts."""

    @initialize(messenger=MESSENGERS)
    def open(self, messenger: str) -> None:
        """Start a bot, and a person in front of it."""
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.stack = contextlib.AsyncExitStack()
        self.place: Town = self._do(
            self.stack.enter_async_context(town(Path(self.folder.name), messengers=(messenger,)))
        )
        self.person: Somebody = self.place.somebody("Oksana")

    def teardown(self) -> None:
        """Stop everything; the pretend messengers complain here of anything they found wrong with themselves."""
        if hasattr(self, "runner"):
            self._do(self.stack.aclose())
            self.runner.close()
            self.folder.cleanup()

    def _do(self, act: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(act)

    def does(self, act: Coroutine[Any, Any, Any], must_be_answered: bool = True) -> None:
        """Do something, and see that it is answered."""
        self._do(act)
        self._do(self.place.settles())
        if isinstance(self.person, OnTelegram):
            assert not self.person.phone.waiting, "a button still spins"
        assert self.person.news() or not must_be_answered, "somebody was left without an answer"

    @rule(text=TYPED)
    def writes(self, text: str) -> None:
        """Write anything."""
        note(f"writes {text!r}")
        if not isinstance(self.person, OnTelegram):
            text = text.encode(errors="ignore").decode()  # no telephone sends half a character
        if text:
            self.does(self.person.writes(text), must_be_answered=bool(clean(text)))

    @rule(data=st.data())
    def presses(self, data: st.DataObject) -> None:
        """Press any button on the screen."""
        if not isinstance(self.person, OnTelegram):
            return
        if shown := [(m, value) for m in self.person.phone.received for row in m.buttons for _, value in row]:
            message, value = data.draw(st.sampled_from(shown[-20:]), label="button")
            self.does(self.person.presses(message, value), must_be_answered=False)

    @rule(kind=MEDIA)
    def sends(self, kind: str) -> None:
        """Send something that is no text."""
        self.does(self.person.sends(kind), must_be_answered=False)

    @rule()
    def the_bot_restarts(self) -> None:
        """Stop and start."""
        self._do(self.place.restart())

    @invariant()
    def every_message_had_its_turn(self) -> None:
        """Nothing was parked."""
        if hasattr(self, "place"):
            assert self._do(self.place.rows("SELECT id FROM inbox WHERE parked")) == []


TestAnybodyOverHttp = AnybodyOverHttp.TestCase
TestAnybodyOverHttp.settings = settings(
    max_examples=5, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
