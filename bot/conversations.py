"""The conversations that there are, for whom each is, and what the bot says by itself.

Which they are stands in `handlers/__init__.py`.
"""

import sqlite3
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot import accounts, alerts, outbox, people
from bot.alerts import Alert, Trouble
from bot.chat import Chat, Notice
from bot.fingerprint import fingerprint
from bot.languages import InEveryLanguage, Languages, Words, _
from bot.messages import Abilities, Incoming, Kind, Outgoing
from bot.outbox import Urgency
from bot.pace import Limits
from bot.people import Person
from bot.profile import Profile
from bot.progress import MENU_QUESTION
from bot.questions import Link

MOST_GROUPS = 10
"""Groups of a messenger that are told in an hour that the bot answers in private chats only."""
IN_THE_MIDDLE = 3600
"""Seconds before the messenger could not be heard in which somebody who answered a question was in a conversation."""


@dataclass(frozen=True)
class Conversation:
    """One thing people can do here."""

    name: str
    run: Callable[[Chat], Coroutine[Any, Any, None]]
    label: Words
    """Its name in menus and lists of commands."""
    command: str = ""
    """What may be typed after a slash: [a-z0-9_]."""
    roles: frozenset[str] = frozenset()
    """Whose it is; empty: everybody's. To all others it does not exist."""
    listed: bool = False
    """It stands in the menu."""
    aside: bool = False
    """The open question comes back after it."""
    secret: bool = False
    """Of its argument only the SHA-256 is kept."""
    by_link: bool = False
    """A link from outside may begin it, though it does not stand in the menu."""
    before_language: bool = False
    """Not even the language is asked first."""

    def is_for(self, person: Person) -> bool:
        """Say whether it exists for this person."""
        return not self.roles or person.role in self.roles


class Conversations:
    """All conversations of the bot, and how a turn of one is taken."""

    def __init__(
        self,
        profile: Profile,
        languages: Languages,
        table: tuple[Conversation, ...],
        abilities: Mapping[str, Abilities],
        limits: Mapping[str, Limits],
    ) -> None:
        self.profile = profile
        self.languages = languages
        self.abilities = abilities
        self.limits = limits
        self.titles = {messenger: each.title for messenger, each in abilities.items()}
        self.by_name = {conversation.name: conversation for conversation in table}
        self.by_command = {c.command: c for c in table if c.command}

    def entries(self, person: Person) -> list[Link]:
        """Return what a person may begin from the menu."""
        return [Link(c.label, c.name) for c in self.by_name.values() if c.listed and c.is_for(person)]

    def commands(self, person: Person, language: str) -> tuple[tuple[str, str], ...]:
        """Return the commands that a person may type, with what they do."""
        return tuple(
            (name, self.languages.plain(c.label, language)) for name, c in self.by_command.items() if c.is_for(person)
        )

    def tell(
        self,
        db: sqlite3.Connection,
        notice: Notice,
        now: int,
        urgency: Urgency = Urgency.NOTICE,
        act: str = "send",
        handle: str = "",
    ) -> None:
        """Write to somebody who did nothing just now; with the `act` change into the message of this `handle`."""
        addresses = people.addresses(db, notice.person)
        if not addresses:
            return
        language = people.find(db, notice.person).language or self.languages.codes[0]
        messenger, address = next((each for each in addresses if each[0] == notice.messenger), addresses[0])
        plain = partial(self.languages.plain, language=language)
        outgoing = Outgoing(
            act=act,
            text=self.languages.render(notice.words, language),
            buttons=tuple(link.button(plain, of_notice=True) for link in notice.links),
            replaces_handle=handle,
        )
        for part in self.abilities[messenger].lay_out(outgoing):
            outbox.put(db, messenger, address, notice.person, part, now, urgency, notice.about)

    def decline_group(self, db: sqlite3.Connection, heard: Incoming, now: int) -> None:
        """Leave a group or a channel. A group is told why, once, if not too many others were told lately."""
        if outbox.waiting_for(db, heard.messenger, heard.address):  # we are leaving already
            return
        lately = "SELECT count(*) AS n FROM declined WHERE messenger = ? AND told_at > ?"
        told = db.execute(lately, (heard.messenger, now - 3600)).fetchone()["n"]
        if heard.kind is Kind.ADDED_TO_GROUP and told < MOST_GROUPS:
            group = (heard.messenger, fingerprint(heard.address), now)
            if db.execute("INSERT OR IGNORE INTO declined VALUES (?, ?, ?)", group).rowcount:
                only_private = InEveryLanguage(_("I answer only in a private chat. Please write to me there."))
                outgoing = Outgoing(text=self.languages.render(only_private, self.languages.codes[0]))
                outbox.put(db, heard.messenger, heard.address, None, outgoing, now, Urgency.NOTICE)
        outbox.put(db, heard.messenger, heard.address, None, Outgoing(act="leave"), now, Urgency.NOTICE)

    def tell_of_deafness(self, db: sqlite3.Connection, heard: Incoming, now: int) -> None:
        """Let the office be told, and write one line to those who were in the middle of a conversation.

        Not again within ten minutes: a program that dies and dies is told of once.
        """
        if heard.until and not accounts.may_tell_of_deafness(db, heard.messenger, now):
            return
        alerts.put(db, Alert(heard.messenger, Trouble.DEAF, since=heard.since, until=heard.until))
        if not heard.until:
            return
        waiting = db.execute(
            "SELECT DISTINCT addresses.address, people.id, language FROM conversations"
            " JOIN people ON people.id = conversations.person JOIN addresses ON addresses.person = people.id"
            " WHERE messenger = ? AND question NOT IN ('', ?) AND left_at IS NULL AND changed_at > ?",
            (heard.messenger, MENU_QUESTION, heard.since - IN_THE_MIDDLE),
        )
        words = _(
            "I could not hear you for a while. Now I am back. Did you write and get no answer? Please write again."
        )
        for row in waiting.fetchall():
            text = self.languages.render_for(words, row["language"] or "")
            outbox.put(db, heard.messenger, row["address"], row["id"], Outgoing(text=text), now)
