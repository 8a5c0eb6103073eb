"""Whatever people do, in any order, with restarts: they are answered, nothing breaks, nothing is kept without consent.

The machine of hypothesis plays one person. Thousands of steps go straight into the turns (what leaves is checked by the
rules of the pretend Telegram); a few whole plays go over HTTP, with the bot really stopped and started.
"""

import asyncio
import contextlib
import json
import sqlite3
import time
from collections.abc import Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import handlers
from bot import markup, profile, staff, storage
from bot.conversations import Conversations
from bot.demo.telegram_html import parse_html
from bot.languages import Languages
from bot.messages import Outgoing
from bot.settings import Telegram
from bot.staff import Role
from bot.transports.telegram import TelegramTransport
from bot.words import word_list
from tests.bridge import town

if TYPE_CHECKING:
    from tests.bridge import OnTelegram, Town

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


class Booth:
    """A person and the bot's turns in one room, without any network in between."""

    def __init__(self) -> None:
        city = profile.read("dortmund-schytomyr")
        self.telegram = TelegramTransport(Telegram("1:x", "http://127.0.0.1:1", "", ""))
        self.conversations = Conversations(
            city,
            Languages(city.languages),
            handlers.conversations(city),
            {"telegram": self.telegram.abilities},
            {"telegram": self.telegram.limits},
        )
        self.folder = TemporaryDirectory()
        self.db = sqlite3.connect(Path(self.folder.name) / "bot.db", isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA foreign_keys=ON")
        storage.migrate(self.db)
        self.screen: dict[str, list[str]] = {}
        self.numbers = iter(range(1, 1_000_000))
        self.now = time.time()

    def close(self) -> None:
        """Leave."""
        self.db.close()
        self.folder.cleanup()

    def invitation(self) -> str:
        """Return the code of an invitation."""
        return staff.invite(self.db, Role.ADMIN, int(time.time()))

    def writes(self, text: str) -> int:
        """Write; return how many messages came back."""
        return self._happens("message", {"text": text})

    def sends(self, kind: str) -> int:
        """Send something that is no text."""
        return self._happens("message", {kind: {}})

    def presses(self, data: str, message: str) -> int:
        """Press; the acknowledgement is not counted as an answer but has to be there."""
        press = {
            "id": str(next(self.numbers)),
            "data": data,
            "message": {"message_id": int(message), "chat": {"type": "private"}},
        }
        return self._happens("callback_query", press)

    def buttons(self) -> list[tuple[str, str]]:
        """Return all buttons on the screen as (message, data), oldest first."""
        return [(message, data) for message, buttons in self.screen.items() for data in buttons]

    def _happens(self, kind: str, body: dict[str, Any]) -> int:
        update = {
            kind: {"from": {"id": 7}, "chat": {"id": 7, "type": "private"}, "message_id": next(self.numbers), **body}
        }
        heard = self.telegram.understand(json.dumps(update))
        self.db.execute("BEGIN IMMEDIATE")
        if heard is not None:
            self.now += 10  # slow enough that no press counts as a double one
            self.conversations.take_turn(self.db, heard, self.now)
        self.db.execute("COMMIT")
        rows = self.db.execute("DELETE FROM outbox RETURNING id, payload").fetchall()
        outgoings = [Outgoing.from_json(json.loads(row["payload"])) for row in sorted(rows, key=lambda row: row["id"])]
        assert kind != "callback_query" or outgoings[0].act == "acknowledge", "a button still spins"
        for outgoing in outgoings:
            self._arrives(outgoing)
        return sum(outgoing.act in ("send", "change") for outgoing in outgoings)

    def _arrives(self, outgoing: Outgoing) -> None:
        """Check what arrives as Telegram would, and put it on the screen."""
        if outgoing.act not in ("send", "change"):
            return
        plain, _entities = parse_html(outgoing.text)
        assert 0 < markup.units(plain) <= 4096
        assert len(outgoing.buttons) <= 100
        assert all(0 < len(button.data.encode()) <= 64 and button.label.strip() for button in outgoing.buttons)
        message = outgoing.replaces or str(next(self.numbers))
        self.screen[message] = [button.data for button in outgoing.buttons]


class Anybody(RuleBasedStateMachine):
    """One person does anything; the machine knows only what must always hold."""

    @initialize(is_staff=st.booleans())
    def open(self, is_staff: bool) -> None:
        """Come in."""
        self.booth = Booth()
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
    def presses_any_button(self, data: st.DataObject) -> None:
        """Press any button on the screen, however old."""
        if shown := self.booth.buttons():
            message, value = data.draw(st.sampled_from(shown[-40:]), label="button")
            self.booth.presses(value, message)

    @rule(data=st.data())
    def goes_on(self, data: st.DataObject) -> None:
        """Press a button of the newest question, so that conversations get somewhere."""
        if shown := self.booth.buttons():
            newest = [
                (m, value) for m, value in shown if m == shown[-1][0] and not value.endswith((":!back", ":!cancel"))
            ]
            message, value = data.draw(st.sampled_from(newest or shown), label="button")
            assert self.booth.presses(value, message), "somebody was left without an answer"

    @rule(value=FORGED)
    def presses_forged(self, value: str) -> None:
        """Press what no button carries."""
        assert self.booth.presses(value, "1"), "somebody was left without an answer"

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
            assert self.booth.buttons(), "no button leads on from here"


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
    """The same over HTTP against the pretend Telegram, with restarts."""

    @initialize()
    def open(self) -> None:
        """Start a bot, and a person in front of it."""
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.stack = contextlib.AsyncExitStack()
        self.place: Town = self._do(self.stack.enter_async_context(town(Path(self.folder.name))))
        self.person: OnTelegram = self.place.somebody("Oksana")

    def teardown(self) -> None:
        """Stop everything; the pretend Telegram complains here of anything it found wrong with itself."""
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
        assert not self.person.phone.waiting, "a button still spins"
        assert self.person.news() or not must_be_answered, "somebody was left without an answer"

    @rule(text=TYPED)
    def writes(self, text: str) -> None:
        """Write anything."""
        note(f"writes {text!r}")
        self.does(self.person.writes(text))

    @rule(data=st.data())
    def presses(self, data: st.DataObject) -> None:
        """Press any button on the screen."""
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
