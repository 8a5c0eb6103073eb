"""Turns: what somebody did, the conversation it belongs to, and everything that follows from it, in one transaction.

A person has at most one open question. A conversation left for the menu or for another one can be continued within a
day; one that is `aside` (help, privacy, language) comes back to the open question by itself.
"""

import re
import sqlite3
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot import connections, menus, outbox, people
from bot import progress as progresses
from bot import words as typed_words
from bot.chat import Again, Chat, Ended, Gone, Left, Open
from bot.conversations import Conversation, Conversations
from bot.fingerprint import fingerprint
from bot.languages import Text, Words, _
from bot.menus import Menu
from bot.messages import Button, Incoming, Kind, Outgoing
from bot.people import Person
from bot.progress import LEFT, MENU_QUESTION, Progress
from bot.questions import BACK, CANCEL, MEANT, MEANT_VALUE, OTHER, SKIP, ZERO, Answer, Choice, Link

if TYPE_CHECKING:
    from bot.chat import Notice

DOUBLE_PRESS = 3
"""Seconds in which a second press on a button that was taken is a trembling finger and nothing more."""
MOST_WAITING = 150
"""Answers that may wait for one person; what they write beyond that gets none."""
ONE_NOTICE = 60
"""Seconds in which several pictures or stickers are answered once."""
_CONTINUE = "!continue"
_PLACE = re.compile(r"https://maps\.google\.com/maps\?q=\S+")
"""A place, where a messenger sends it as a text."""
_ACTS = {"back": BACK, "skip": SKIP, "zero": ZERO}
_ALWAYS = ("emergency", "help", "delete", "stop")
"""What is answered although somebody writes too fast, as often again as all the rest."""
_THUMBS = {"yes": (":yes", f":{MEANT}"), "no": (":no", f":{OTHER}")}
"""How the data of the choice ends that a thumb stands for."""


def take(conversations: Conversations, db: sqlite3.Connection, heard: Incoming, now: float) -> None:
    """Do what follows from something heard: answers, results and replies, all in the caller's transaction."""
    match heard.kind:
        case Kind.ADDED_TO_GROUP | Kind.ADDED_TO_CHANNEL:
            conversations.decline_group(db, heard, int(now))
        case Kind.RECEIPT:
            outbox.delivered(db, heard.messenger, heard.address, heard.arrived)
        case Kind.DEAF:
            conversations.tell_of_deafness(db, heard, int(now))
        case Kind.LEFT:
            people.find_or_add(db, heard.messenger, heard.address, int(now))
            people.unreachable(db, heard.messenger, heard.address, int(now))
        case Kind.CAME_BACK:
            people.find_or_add(db, heard.messenger, heard.address, int(now))
        case _:
            person = people.find_or_add(db, heard.messenger, heard.address, int(now))
            _Turn(conversations, db, heard, person, now).take()


class _Turn:
    """One turn of one person."""

    def __init__(self, all: Conversations, db: sqlite3.Connection, heard: Incoming, person: Person, now: float) -> None:
        self.all = all
        self.db = db
        self.heard = heard
        self.person = person
        self.now = int(now)
        self.exactly = now
        self.outgoing: list[Outgoing] = []
        self.notices: list[Notice] = []
        self.elsewhere: list[tuple[str, str, Outgoing]] = []

    def take(self) -> None:
        """Take the turn and write everything that leaves into the outbox."""
        if self.heard.kind is Kind.PRESS:
            self._acknowledge()
        if self._is_too_fast():
            return
        match self.heard.kind:
            case Kind.PRESS:
                self._pressed()
            case Kind.TEXT if not _PLACE.fullmatch(self.heard.text):
                self._typed()
            case Kind.REACTION:
                self._reacted()
            case Kind.EDITED:
                self._edited()
            case Kind.DELETED:
                self._deleted()
            case _:
                self._cannot_take_this()
        self._write()

    def _is_too_fast(self) -> bool:
        """Say once to somebody who writes faster than answers can leave, and take nothing more until some have left.

        The same for more turns in a minute than a messenger allows: there it may be another program that answers us.
        """
        messenger, address = self.heard.messenger, self.heard.address
        most = self.all.limits[messenger].turns_per_minute
        beyond = people.too_many_turns(self.db, messenger, address, most, self.now) if most else 0
        if not beyond and outbox.waiting_for(self.db, messenger, address) < MOST_WAITING:
            return False
        act = typed_words.word_list().act(self.heard.text)
        if act in _ALWAYS and most and beyond <= most:  # a cry for help is heard, but not for ever
            return False
        if act == "stop":
            people.stop_news(self.db, self.person.id, self.now)
        if beyond == 1:
            self._say(_("You write faster than I can answer. Please wait one minute. Then write again."))
        elif not beyond:
            self._say_once(_("You write faster than I can answer. Please wait a little."))
        self._write()
        return True

    def _say_once(self, notice: Text) -> bool:
        """Say something, unless it was said just now: of many in a row that cannot be taken, one is answered."""
        if notice.id == self.person.told_of and self.now - ONE_NOTICE < self.person.told_at <= self.now:
            return False
        people.told(self.db, self.person.id, notice.id, self.now)
        self._say(notice)
        return True

    # ------------------------------------------------------------------ what the person did

    def _pressed(self) -> None:
        kind, _colon, rest = self.heard.press.partition(":")
        if kind == "go":
            name, _colon, argument = rest.partition(":")
            self._begin(name, argument)
            return
        id, key, value = [*rest.split(":", 2), "", "", ""][:3]
        progress = self._open()
        if kind == "a" and progress and str(progress.id) == id and progress.question == key:
            self._answer(progress, Answer(value=value, message=self.heard.message))
        elif not (progress and str(progress.id) == id and progress.changed_at >= self.now - DOUBLE_PRESS):
            self._say(_("This choice is no longer open."))
            self._go_on()

    def _typed(self) -> None:
        text = self.heard.text
        if text.startswith("/"):
            self._commanded(text)
            return
        progress = self._open()
        if typed_words.word_list().act(text) == "emergency":  # 112 is no choice
            self._begin("emergency")
            return
        if not self._can_press and self._chosen_by_number(progress):
            return
        code = connections.code_in(text)
        if code and self._is_meant_as_code(code, progress):
            self._begin("connect", code)
            return
        self._worded(progress)

    def _worded(self, progress: Progress | None) -> None:
        """Do what the words say: what always works, else they are the answer to the open question."""
        text = self.heard.text
        act = typed_words.word_list().act(text)
        if progress and act in _ACTS:
            self._answer(progress, Answer(value=_ACTS[act], own=self.heard.own))
        elif progress and act == "cancel":
            self._cancel(progress)
        elif act in self.all.by_name:
            self._begin(act)
        elif progress:
            self._answer(progress, Answer(text=text, own=self.heard.own))
        else:
            self._begin("menu", answer=Answer(text=text))

    def _is_meant_as_code(self, code: str, progress: Progress | None) -> bool:
        """Say whether eight digits are a code to connect a messenger, right or wrong, and not a telephone number."""
        if progress and progress.takes_any_text:
            code_hash = fingerprint(code)
            return connections.owner(self.db, self.heard.messenger, self.person.id, code_hash, self.now) is not None
        return True

    @property
    def _can_press(self) -> bool:
        return self.all.abilities[self.heard.messenger].buttons

    def _chosen_by_number(self, progress: Progress | None) -> bool:
        """Take numbers, or the word beside a choice, as if its button had been pressed. False: it is none of them.

        They belong to the message that is quoted, else to the newest that could be read. A number, a yes or a no that
        is not meant for the open question never answers it.
        """
        messenger, address, text = self.heard.messenger, self.heard.address, self.heard.text
        if word := menus.by_word(self.db, messenger, address, text):
            return self._follow([word])
        quoted = self.heard.message
        if quoted:
            menu = menus.under(self.db, messenger, address, quoted)
        else:
            seconds_to_read = self.all.limits[messenger].seconds_to_read
            menu = menus.last(self.db, messenger, address, self.exactly, seconds_to_read)
        if menu and (chosen := _chosen(menu, text, by_label=bool(quoted))) and self._follow(chosen):
            return True
        says_little = typed_words.numbers(text) or typed_words.word_list().answer(text) in ("yes", "no")
        if (
            not progress
            or not says_little
            or progress.takes_any_text
            or (menu and menu.belongs_to(progress.id, progress.question))
        ):
            return False
        if progress.question == MENU_QUESTION and not quoted:
            return False
        return self._no_longer_open(progress)

    def _follow(self, buttons: list[Button], thumb: bool = False) -> bool:
        """Do what these buttons do together. False: they do nothing together."""
        progress = self._open()
        kind, _colon, rest = buttons[0].data.partition(":")
        if kind == "go":
            name, _colon, argument = rest.partition(":")
            is_open = progress is not None and (progress.name, progress.argument) == (name, argument)
            if len(buttons) == 1 and not (progress and is_open and self._is_new(progress)):
                self._begin(name, argument)
            return len(buttons) == 1
        id, key, _value = rest.split(":", 2)
        values = [button.data.removeprefix(f"a:{id}:{key}:") for button in buttons]
        if progress and str(progress.id) == id and progress.question == key:
            self._answer(progress, Answer(text=self.heard.text, values=tuple(values), own=self.heard.own, thumb=thumb))
            return True
        return self._no_longer_open(progress)

    def _no_longer_open(self, progress: Progress | None) -> bool:
        """Show what is open instead, but not to somebody who wrote twice, before they could have read what came."""
        if not (progress and self._is_new(progress)):
            self._say(_("This choice is no longer open."))
            self._go_on()
        return True

    def _is_new(self, progress: Progress) -> bool:
        """Say whether nobody can have read yet what is open now."""
        most = max(DOUBLE_PRESS, self.all.limits[self.heard.messenger].seconds_to_read)
        is_waiting = outbox.waiting_for(self.db, self.heard.messenger, self.heard.address) > 0
        return is_waiting or self.now - most <= progress.changed_at <= self.now

    def _reacted(self) -> None:
        """Take a thumb, or a number, under the open question as its answer; all other reactions are just kind."""
        menu = menus.under(self.db, self.heard.messenger, self.heard.address, self.heard.message)
        progress = self._open()
        if menu is None or progress is None or not self._is_open(menu, progress):
            return
        values = _THUMBS.get(typed_words.word_list().answer(self.heard.text), ())
        numbers = typed_words.numbers(self.heard.text) or []
        buttons = [button for button in menu.counted if button.data.endswith(values)] if values else []
        buttons += [menu.counted[n - 1] for n in numbers if 0 < n <= len(menu.counted)]
        if len(buttons) == 1:
            self._follow(buttons, thumb=True)

    def _is_open(self, menu: Menu, progress: Progress) -> bool:
        """Say whether these are the choices of the open question, or the newest links while nothing else is open."""
        newest = menus.last(self.db, self.heard.messenger, self.heard.address, self.exactly)
        is_newest_menu = progress.question == MENU_QUESTION and menu == newest
        return is_newest_menu or menu.belongs_to(progress.id, progress.question)

    def _edited(self) -> None:
        """Take the new words of the last answer instead of the old ones, if nothing was built on them since."""
        progress = self._open()
        key = progress.last_written_in(self.heard.own) if progress else ""
        if progress is None or not key:
            if self._say_once(_("You changed an older message. I read only new ones. Please write it again.")):
                self._go_on()
            return
        if self.heard.version:
            self.heard = replace(self.heard, own=f"{self.heard.own} {self.heard.version}")
        menu = None
        if not self._can_press:
            menu = menus.of(self.db, self.heard.messenger, self.heard.address, progress.id, key)
        progress.open_again(key, menu.page if menu else 0)
        progress.draft.pop(MEANT_VALUE, None)
        progresses.save(self.db, progress, self.now)
        if not (menu and (chosen := _chosen(menu, self.heard.text)) and self._follow(chosen)):
            self._worded(progress)

    def _deleted(self) -> None:
        """Delete what somebody wrote and took back, if it is the answer of a conversation not finished; ask again."""
        for progress in progresses.unfinished(self.db, self.person.id):
            if key := progress.written_in(self.heard.own):
                progress.answers.pop(key, None)
                progress.sources.pop(key)
                progress.forget_draft()
                progress.open_again(key)
                progresses.save(self.db, progress, self.now)
                self._say(_("You deleted your message. I have deleted this answer, too."))
                self._go_on()
                return

    def _commanded(self, text: str) -> None:
        command, _space, argument = text[1:].partition(" ")
        command = command.partition("@")[0].lower()
        progress = self._open()
        found = self.all.by_command.get(command)
        if command == "start":
            name, _line, rest = argument.partition("-")
            offered = self.all.by_name.get(name)
            self._begin(*((name, rest) if offered and (offered.listed or offered.by_link) else ("menu", "")))
        elif command in _ACTS and progress:
            self._answer(progress, Answer(value=_ACTS[command]))
        elif command == "cancel" and progress:
            self._cancel(progress)
        elif found and found.is_for(self.person):
            self._begin(found.name)
        elif typed_words.word_list().act(text) in self.all.by_name:
            self._begin(typed_words.word_list().act(text))
        elif progress:
            self._answer(progress, Answer(text=text))
        else:
            self._begin("menu", answer=Answer(text=text))

    def _cannot_take_this(self) -> None:
        match self.heard.kind:
            case Kind.TOO_LONG:
                why = _("Your message is too long for me. About 1000 letters fit. Please make it shorter.")
            case Kind.FORWARDED:
                why = _("I do not act on forwarded messages. Please write it yourself.")
            case Kind.CALL:
                why = _("I cannot take calls. Please write.")
            case _:
                why = _(
                    "I cannot take pictures, files or voice messages. I have kept nothing."
                    " Please write text. Never send photos of identity papers."
                )
        if self._say_once(why):
            self._go_on()

    # ------------------------------------------------------------------ conversations

    def _begin(self, name: str, argument: str = "", answer: Answer | None = None) -> None:
        """Begin a conversation, or offer to continue the one that was left.

        What does not exist for a person is the menu.
        """
        conversation = self.all.by_name.get(name)
        if conversation is None or not conversation.is_for(self.person):
            if name not in ("", "menu"):
                self._say(_("This choice is no longer open."))
            conversation, argument = self.all.by_name["menu"], ""
        if conversation.secret:
            argument = fingerprint(argument)
        self._set_aside(conversation)
        progress = progresses.start(self.db, self.person.id, conversation.name, argument, self.now)
        self._run(progress, answer, fresh=True)

    def _set_aside(self, begun: Conversation) -> None:
        """Leave what is open: a menu for good, a conversation so that it can be continued."""
        progresses.forget_menu(self.db, self.person.id)
        if not begun.aside:
            progresses.leave(self.db, self.person.id, self.now)

    def _open(self) -> Progress | None:
        return progresses.open_one(self.db, self.person.id)

    def _answer(self, progress: Progress, answer: Answer) -> None:
        if answer.value == CANCEL:
            self._cancel(progress)
        else:
            self._run(progress, answer)

    def _cancel(self, progress: Progress) -> None:
        progresses.delete(self.db, progress)
        if progress.question != MENU_QUESTION:
            self._say(_("Cancelled. Everything stays as it was."))
        self._go_on()

    def _go_on(self) -> None:
        """Show the open question again, or the menu."""
        progress = self._open()
        if progress:
            self._run(progress, None)
        else:
            self._begin("menu")

    def _run(self, progress: Progress, answer: Answer | None, fresh: bool = False, replaces: str = "") -> None:
        """Run a conversation until it waits or ends, and go on with what comes then."""
        conversation = self.all.by_name.get(progress.name)
        if conversation is None or not conversation.is_for(self.person):
            progresses.delete(self.db, progress)
            self._go_on()
            return
        if not self.person.language and not conversation.before_language:
            progress, answer = progresses.start(self.db, self.person.id, "language", "", self.now), None
            conversation = self.all.by_name["language"]
        chat = Chat(
            self.db,
            self.all.profile,
            self.all.languages,
            self.person,
            datetime.fromtimestamp(self.now, UTC),
            progress,
            answer,
            self.heard.messenger,
            self.all.abilities,
            self.all.limits,
            self.all.entries,
            fresh or not progress.question,
            replaces,
        )
        try:
            _drive(_whole(conversation, chat, progress))
        except Open:
            self._collect(chat)
            progresses.save(self.db, progress, self.now)
        except Again as again:
            chat.said.clear()
            self._collect(chat)
            self._run(progress, None, replaces=again.replaces)
        except Left:
            self._collect(chat)
            if not progress.answers:
                progresses.delete(self.db, progress)
            self._begin("menu")
        except Gone as gone:
            progresses.delete(self.db, progress)
            self._collect(chat)
            self._begin(gone.name, gone.argument)
        except Ended:
            self._finished(chat, progress)
        else:
            self._finished(chat, progress)

    def _finished(self, chat: Chat, progress: Progress) -> None:
        progresses.delete(self.db, progress)
        self._collect(chat)
        if self._open() or not chat.said:
            self._go_on()
        else:
            self._link_to_menu(chat)

    def _link_to_menu(self, chat: Chat) -> None:
        """Let the last message lead back, unless it has buttons of its own."""
        last = max(index for index, outgoing in enumerate(self.outgoing) if outgoing.act == "send")
        if not self.outgoing[last].buttons:
            link = Link(self.all.by_name["menu"].label, "menu")
            self.outgoing[last] = replace(self.outgoing[last], buttons=chat.buttons([link]))

    def _collect(self, chat: Chat) -> None:
        self.person = chat.person
        self.outgoing += chat.outgoing()
        if chat.commands_changed:
            commands = self.all.commands(self.person, self.person.language)
            self.outgoing.append(Outgoing(act="commands", commands=commands))
            here = (self.heard.messenger, self.heard.address)
            others = [each for each in people.addresses(self.db, self.person.id) if each != here]
            self.elsewhere += [(*each, Outgoing(act="commands", commands=commands)) for each in others]
        self.notices += chat.notices
        self.elsewhere += chat.elsewhere

    # ------------------------------------------------------------------ what leaves

    def _say(self, words: Words) -> None:
        self.outgoing.append(Outgoing(text=self.all.languages.render_for(words, self.person.language)))

    def _acknowledge(self) -> None:
        """Let the button stop spinning. It has an address of its own, so that no message to the person waits for it."""
        press_id = self.heard.press_id
        outbox.put(
            self.db, self.heard.messenger, press_id, None, Outgoing(act="acknowledge", press_id=press_id), self.now
        )

    def _write(self) -> None:
        known = self.db.execute("SELECT 1 FROM people WHERE id = ?", (self.person.id,)).fetchone()
        for outgoing in self.outgoing:
            for part in self.all.abilities[self.heard.messenger].lay_out(outgoing):
                outbox.put(
                    self.db, self.heard.messenger, self.heard.address, self.person.id if known else None, part, self.now
                )
        for messenger, address, outgoing in self.elsewhere:
            outbox.put(self.db, messenger, address, None, outgoing, self.now)
        for notice in self.notices:
            self.all.tell(self.db, notice, self.now)


def _chosen(menu: Menu, text: str, by_label: bool = False) -> list[Button]:
    """Return what these numbers, or this letter, stand for under a menu, or this word that turns its pages.

    With `by_label` also what any of its labels names.
    """
    numbers, counted = typed_words.numbers(text), menu.counted
    said = "0" if numbers == [0] else typed_words.normal(text)
    keys = [button for button in menu.buttons if button.key and button.data.startswith("a:")]
    if keyed := [button for button in keys if typed_words.normal(button.key) == said]:
        return keyed
    if numbers:
        return [counted[n - 1] for n in numbers] if all(0 < n <= len(counted) for n in numbers) else []
    named = [button for button in menu.turning if typed_words.normal(button.label) == typed_words.normal(text)]
    match = typed_words.choose(text, [[button.label] for button in counted]) if by_label else None
    return named or ([counted[match.index]] if match and match.sure else [])


async def _whole(conversation: Conversation, chat: Chat, progress: Progress) -> None:
    """Run a conversation; one that was left half-way asks first whether to continue."""
    if LEFT in progress.answers:
        again = await chat.choose(
            _CONTINUE,
            _("You began this earlier. Do you want to continue?"),
            [Choice("yes", _("Yes, continue")), Choice("no", _("No, start again"))],
        )
        for kept in (progress.answers, progress.sources):
            kept.pop(_CONTINUE, None)
        if again == "yes":
            progress.go_on_where_it_was_left()
        else:
            progress.answers.clear()
            progress.sources.clear()
        chat.begin_again()
    await conversation.run(chat)


def _drive(run: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that waits for nothing but the person. Raises: RuntimeError if it waits for anything else."""
    try:
        run.send(None)
    except StopIteration:
        return
    run.close()
    raise RuntimeError("a conversation waits for something that is not an answer")
