"""What a conversation sees of the person it talks to.

A conversation is a coroutine that asks and says. At every message it runs again from its first line: a question that
was answered returns at once, the first open one ends the run and is shown. So nothing of it is kept in memory, a
restart is what happens between any two messages anyway, and data is changed only after the last question (a question
after a write is refused).

`await` marks the places where days may pass. Nothing else may be awaited: a turn is one transaction.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NoReturn

from bot import accounts, connections, outbox, people
from bot import words as typed_words
from bot.languages import Bold, Languages, Lines, Words, _, lines, paragraphs
from bot.messages import Abilities, Button, Outgoing
from bot.pace import Limits
from bot.people import Person
from bot.profile import Item, Profile
from bot.progress import FREE, MENU_QUESTION, UNREAD, Progress
from bot.questions import (
    BACK,
    KEPT,
    MEANT_VALUE,
    MENU,
    PAGE,
    SKIP,
    ZERO,
    Answer,
    AskBack,
    Choice,
    Invalid,
    Link,
    NotUnderstood,
    Question,
    Ticked,
    as_choices,
    pages_for,
    shown_on,
    turning,
    wants_more,
)

RIGHT = ("ja", "ok", "richtig", "speichern", "так", "да", "зберегти", "сохранить", "правильно")
"""What may be typed to say that a review is right."""


class Stopped(BaseException):
    """The run of a conversation ends here. A BaseException, so that no `except Exception` holds it up."""


class Open(Stopped):
    """A question is open and was shown."""


class Ended(Stopped):
    """The conversation is over."""


class Again(Stopped):
    """An answer was taken back: the conversation runs once more to find what is open now, and shows it there."""

    def __init__(self, replaces: str = "") -> None:
        super().__init__()
        self.replaces = replaces


class Left(Stopped):
    """The person went back to before the first question."""


class Gone(Stopped):
    """Another conversation begins."""

    def __init__(self, name: str, argument: str) -> None:
        super().__init__()
        self.name, self.argument = name, argument


@dataclass(frozen=True)
class Notice:
    """A message to somebody else than the person in this turn."""

    person: int
    words: Words
    links: tuple[Link, ...] = ()
    about: int | None = None
    """Somebody else whom it tells of."""
    messenger: str = ""
    """Where it should arrive, if that person is there; '' for where they prefer it."""


class Chat:
    """One run of one conversation with one person."""

    def __init__(
        self,
        db: sqlite3.Connection,
        profile: Profile,
        languages: Languages,
        person: Person,
        now: datetime,
        progress: Progress,
        answer: Answer | None,
        messenger: str,
        abilities: Mapping[str, Abilities],
        limits: Mapping[str, Limits],
        entries: Callable[[Person], list[Link]],
        fresh: bool,
        replaces: str = "",
    ) -> None:
        self.db = db
        self.profile = profile
        self.languages = languages
        self.person = person
        self.now = now
        self.argument = progress.argument
        self.questions = 0
        """How many questions the person has to expect; 0: they are not told."""
        self.changed: list[Outgoing] = []
        """Messages on the screen that change."""
        self.said: list[Outgoing] = []
        """Messages that are new."""
        self.commands_changed = False
        """Set when this person may type other commands than before."""
        self.notices: list[Notice] = []
        self.elsewhere: list[tuple[str, str, Outgoing]] = []
        """What goes to other chats that are this person's, or were until now: messenger, address, message."""
        self._progress = progress
        self._answer = answer
        self.messenger = messenger
        """Where this chat is."""
        self._all_abilities = abilities
        self._abilities = abilities[messenger]
        self._limits = limits
        self._entries = entries
        self._went_on = fresh
        self._replaces = replaces
        self._visited: list[str] = []
        self._review: list[tuple[str, Words, Words]] = []
        self._understood = ""
        self._changes = db.total_changes

    # ------------------------------------------------------------------ say

    def say(self, *parts: Words, links: Iterable[Link] = (), handle: str = "") -> None:
        """Send a message of one or more paragraphs."""
        self.said.append(Outgoing(text=self._render(paragraphs(*parts)), buttons=self.buttons(links), handle=handle))

    def send_file(self, name: str, content: str, caption: Words) -> None:
        """Send a text file."""
        self.said.append(Outgoing(text=self._render(caption), file_name=name, file_text=content))

    def notify(
        self, person: int, words: Words, links: Iterable[Link] = (), about: int | None = None, messenger: str = ""
    ) -> None:
        """Write to somebody else, in their language; what is `about` a person goes with them."""
        self.notices.append(Notice(person, words, tuple(links), about, messenger))

    def become(self, language: str = "", role: str = "") -> None:
        """Go on in another language or with another role."""
        self.person = replace(self.person, language=language or self.person.language, role=role or self.person.role)
        self.commands_changed = bool(self.person.role)

    def buttons(self, links: Iterable[Link]) -> tuple[Button, ...]:
        """Return buttons that begin other conversations."""
        return tuple(link.button(self._plain) for link in links)

    def forget_me(self, last_words: Words) -> None:
        """Delete everything about this person, who hears so in their other chats. They can still be answered here."""
        others = [each for each in people.addresses(self.db, self.person.id) if each[0] != self.messenger]
        self.elsewhere += [(*each, Outgoing(text=self._render(last_words))) for each in others]
        if self.person.role:
            self.changed.append(Outgoing(act="commands"))
            self.elsewhere += [(*each, Outgoing(act="commands")) for each in others]
        people.forget(self.db, self.person.id)

    def titles(self) -> dict[str, str]:
        """Return the names of all messengers of this bot, by their ids."""
        return {messenger: abilities.title for messenger, abilities in self._all_abilities.items()}

    def my_messengers(self) -> dict[str, str]:
        """Return the names of the messengers on which this person is, by their ids; this chat's first."""
        mine = {messenger for messenger, _address in people.addresses(self.db, self.person.id)}
        titles = {messenger: title for messenger, title in self.titles().items() if messenger in mine}
        return {self.messenger: self.titles()[self.messenger], **titles}

    def join(self, kept: int, gone: int) -> None:
        """Make this person and another one the same: `kept`, with what only `gone` has."""
        connections.join(self.db, kept, gone, int(self.now.timestamp()))
        self.person = people.find(self.db, kept)
        self.commands_changed = bool(self.person.role)

    def disconnect(self, messenger: str, last_words: Words) -> None:
        """Take a messenger from this person, who has another one; say so there, if that is not here."""
        address = dict(people.addresses(self.db, self.person.id))[messenger]
        connections.disconnect(self.db, self.person.id, messenger)
        if messenger != self.messenger:
            self.elsewhere.append((messenger, address, Outgoing(text=self._render(last_words))))
        if self.person.role:
            self.elsewhere.append((messenger, address, Outgoing(act="commands")))

    def seconds_to_send(self, copies: int, messenger: str) -> float:
        """Return how long so many copies take on a messenger, after what waits there already."""
        per_second = self._limits[messenger].per_second
        now = self.now.timestamp()
        ahead = outbox.waiting_copies(self.db, now).get(messenger, 0)
        held = max(accounts.find(self.db, messenger).held_until - now, 0)
        return held + ((ahead + copies) / per_second if per_second else 0)

    def demanding_messengers(self) -> dict[str, str]:
        """Return the names of the messengers that demand something before they let more pass, by their ids."""
        return {
            messenger: title
            for messenger, title in self.titles().items()
            if accounts.find(self.db, messenger).challenge
        }

    def solve(self, messenger: str, solution: str) -> None:
        """Give a messenger the solution of what it demands before it lets more pass."""
        outbox.solve(self.db, messenger, solution, int(self.now.timestamp()))

    def local(self, seconds: int) -> datetime:
        """Return a stored time in the zone of the city."""
        return self.profile.local(seconds)

    def has_unfinished_answers(self) -> bool:
        """Say whether answers of a conversation that was left are still kept."""
        query = "SELECT 1 FROM conversations WHERE person = ? AND answers != '{}'"
        return self.db.execute(query, (self.person.id,)).fetchone() is not None

    def menu_entries(self) -> list[Link]:
        """Return what this person may begin, in the order of the menu."""
        return self._entries(self.person)

    def outgoing(self) -> list[Outgoing]:
        """Return what changes and what is new; the last message says how an answer was taken that was typed."""
        said = self.said
        if self._understood and said:
            said = [*said[:-1], replace(said[-1], text=f"{self._understood}\n\n{said[-1].text}")]
        return self.changed + said

    # ------------------------------------------------------------------ ask

    async def choose(
        self,
        key: str,
        question: Words,
        choices: Iterable[Choice | Item],
        *,
        label: Words | None = None,
        links: Iterable[Link] = (),
        must: bool = False,
        about: Words | None = None,
    ) -> str:
        """Return the value of the one choice taken.

        With a `label` it appears in the review. `must`: there is no button to leave without an answer. `about` stands
        before the question when it is asked for the first time.
        """
        asked = Question(key, question, as_choices(choices), links=tuple(links), label=label, must=must, about=about)
        chosen: str = self._ask(asked)
        return chosen

    async def may_choose(
        self, key: str, question: Words, choices: Iterable[Choice | Item], *, label: Words | None = None
    ) -> str | None:
        """Return the value of the one choice taken, None if the question was skipped."""
        chosen: str | None = self._ask(Question(key, question, as_choices(choices), label=label, skip=True))
        return chosen

    async def choose_several(
        self,
        key: str,
        question: Words,
        choices: Iterable[Choice | Item],
        *,
        label: Words | None = None,
        links: Iterable[Link] = (),
        selected: Iterable[str] = (),
        skip: bool = False,
    ) -> list[str]:
        """Return the values of the choices taken, at least one unless it was skipped; `selected` are ticked."""
        asked = Question(
            key,
            question,
            as_choices(choices),
            several=True,
            links=tuple(links),
            label=label,
            skip=skip,
            selected=tuple(selected),
        )
        chosen: list[str] | None = self._ask(asked)
        return chosen or []

    async def ask(
        self,
        key: str,
        question: Words,
        check: Callable[[str], str],
        *,
        label: Words | None = None,
        skip: bool = False,
        shown: Callable[[str], Words] = str,
    ) -> str:
        """Return what the person wrote as `check` makes it, '' if it was skipped.

        `check` raises Invalid with words for them; `shown` says how the value is read back.
        """
        written: str | None = self._ask(Question(key, question, label=label, skip=skip, check=check, shown=shown))
        return written or ""

    async def review(self, question: Words) -> None:
        """Show all answers that have a label; return when the person finds them right. Each can be changed."""
        summary = lines(*(Lines((Bold(Lines((label, ":"), "")), answer), " ") for _key, label, answer in self._review))
        choices = [Choice("!right", _("Correct, save"), RIGHT, weighty=True)]
        choices += [Choice(f"!change:{key}", _("Change: {what}", what=label)) for key, label, _answer in self._review]
        taken = await self.choose("!review", paragraphs(question, summary), choices)
        if taken != "!right":
            self.change(taken.partition(":")[2])

    async def menu(self, question: Words, entries: Sequence[Link]) -> NoReturn:
        """Show what can be begun from here and wait for it."""
        answer, self._answer = self._answer, None
        turned = next(iter(answer.values), answer.value) if answer else ""
        draft = self._progress.draft
        if turned.startswith(PAGE) and turned.removeprefix(PAGE).isdecimal():
            draft["page"] = int(turned.removeprefix(PAGE)[:3])
        elif answer and self._progress.question == MENU_QUESTION and wants_more(answer) and self._pages_of(entries) > 1:
            draft["page"] = draft.get("page", 0) + 1
        elif answer and self._progress.question == MENU_QUESTION:
            match, names = None, [self._names(entry.label) for entry in entries]
            if self._abilities.buttons or not typed_words.numbers(answer.text):
                match = typed_words.choose(answer.text, names)
            if match is not None:
                raise Gone(entries[match.index].name, entries[match.index].argument)
            if self._takes_wish_for_language(answer):
                raise Gone(self._progress.name, self._progress.argument)
            self._failed(answer)
            if self._progress.failures > 2:
                self._show(MENU_QUESTION, Outgoing(text=self._render(self._a_person())))
            labels = [entry.label for entry in entries]
            hint = self._misunderstood(labels, typed_words.fitting(answer.text, names), self._numbered_of(entries))
            question = paragraphs(hint, question)
        if not self._abilities.buttons:
            question = paragraphs(question, _("Please write the number or the word."))
        question = paragraphs(question, *self._which_page(draft, self._pages_of(entries)))
        self._show(MENU_QUESTION, Outgoing(text=self._render(question), buttons=self._page_of(entries)))

    def _pages_of(self, entries: Sequence[Link]) -> int:
        """Return on how many pages the entries of a menu are: where they are numbered, no more than fit on a screen."""
        counted = sum(entry.name != MENU for entry in entries)
        return 1 if self._abilities.buttons else pages_for(counted, self._abilities.choices)

    def _numbered_of(self, entries: Sequence[Link]) -> range | None:
        """Return which entries the numbers count; None with buttons, where numbers count all of them."""
        if self._abilities.buttons:
            return None
        page = self._progress.draft.get("page", 0) % self._pages_of(entries)
        return shown_on(page, sum(entry.name != MENU for entry in entries), self._abilities.choices)

    def _page_of(self, entries: Sequence[Link]) -> tuple[Button, ...]:
        """Return the entries of a menu that are shown as buttons, and what turns the page."""
        counted = [entry for entry in entries if entry.name != MENU]
        rest = [entry for entry in entries if entry.name == MENU]
        shown, pages = self._numbered_of(entries), self._pages_of(entries)
        if shown is None or pages == 1:
            return self.buttons([*counted, *rest])
        label, value = turning(self._progress.draft.get("page", 0) % pages, pages)
        more = Button(self._plain(label), f"a:{self._progress.id}:{MENU_QUESTION}:{value}")
        return (*self.buttons(counted[index] for index in shown), more, *self.buttons(rest))

    @staticmethod
    def _which_page(draft: Mapping[str, Any], pages: int) -> list[Words]:
        """Return which page is shown, if there is more than one."""
        return [_("Page {i} of {n}", i=draft.get("page", 0) % pages + 1, n=pages)] if pages > 1 else []

    # ------------------------------------------------------------------ steer

    def end(self) -> NoReturn:
        """End the conversation here."""
        raise Ended

    def go(self, name: str, argument: str = "") -> NoReturn:
        """End this conversation and begin another."""
        raise Gone(name, argument)

    def assume(self, answers: Mapping[str, Any]) -> None:
        """Take what is known already as answered, when the conversation begins."""
        if not self._progress.question and not self._progress.answers:
            self._progress.answers.update(answers)

    def begin_again(self) -> None:
        """Take what follows as newly begun: what is said before the open question is said again."""
        self._went_on = True
        self._visited.clear()

    def forget(self, key: str) -> None:
        """Let a question be asked again at the next `await` that comes to it."""
        self._progress.answers.pop(key, None)
        self._visited = [visited for visited in self._visited if visited != key]

    def change(self, key: str) -> NoReturn:
        """Ask one question again and come back to where we are, with the old answer if somebody goes back."""
        self._progress.answers.pop("!review", None)
        kept = self._progress.answers[key]
        self._progress.open_again(key)
        self._progress.draft[KEPT] = kept
        raise Again

    # ------------------------------------------------------------------ how a question is answered

    def _ask(self, question: Question) -> Any:
        answers = self._progress.answers
        if question.key in answers and question.still_takes(answers[question.key]):
            self.said.clear()  # it was said when the question was answered
            return self._take(question)
        answers.pop(question.key, None)
        answer, self._answer = self._answer, None
        if answer is None or self._progress.question != question.key:
            self._show_question(question)
        self._answered(question, answer)
        return self._take(question)

    def _take(self, question: Question) -> Any:
        value = self._progress.answers[question.key]
        self._visited.append(question.key)
        if question.label is not None:
            self._review.append((question.key, question.label, question.in_words(value)))
        return value

    def _answered(self, question: Question, answer: Answer) -> None:
        """Understand the answer to the open question: put it among the answers, or show the question again."""
        if len(answer.values) == 1:
            only = answer.values[0]
            if not question.several or only.startswith("!"):
                answer = replace(answer, value=only, values=())
        if answer.value == ZERO:
            answer = replace(answer, value=SKIP if question.skip and KEPT not in self._progress.draft else BACK)
        if answer.value == BACK:
            self._back(answer)
        progress = self._progress
        try:
            value = question.understand(answer, progress.draft, self._names, self._abilities)
        except Invalid as fault:
            self._failed(answer)
            self._show_question(
                question, hint=paragraphs(fault.words, *([self._a_person()] if progress.failures > 2 else []))
            )
        except NotUnderstood as missed:
            if self._takes_wish_for_language(answer):
                self._show_question(question)
            self._failed(answer)
            self._misunderstood_question(question, missed.fitting)
        except AskBack as similar:
            progress.draft[MEANT_VALUE] = similar.value
            if answer.own:
                progress.sources[UNREAD] = answer.own
            self._show_question(question)
        except Ticked as ticked:
            self._show_question(question, hint=ticked.hint, replaces=answer.message)
        progress.answers[question.key] = value
        progress.sources = {key: own for key, own in progress.sources.items() if key not in (question.key, UNREAD)}
        if answer.own:
            progress.sources[question.key] = answer.own
        progress.failures = 0
        progress.draft = {}
        self._went_on = True
        self.said.clear()
        understood = Lines(("✓", Bold(question.in_words(value))), " ")
        if answer.message:  # the pressed question becomes "question ✓ answer"
            self.changed.append(
                Outgoing(text=self._render(paragraphs(question.whole, understood)), replaces=answer.message)
            )
        elif question.check is None:
            self._understood = self._render(understood)

    def _takes_wish_for_language(self, answer: Answer) -> bool:
        """Go on in another language if that is what was written, which the open question did not understand."""
        language = typed_words.word_list().language(answer.text)
        if language not in self.profile.languages:
            return False
        people.speak(self.db, self.person.id, language)
        self.become(language=language)
        self._changes = self.db.total_changes
        return True

    def _failed(self, answer: Answer) -> None:
        self._progress.failures += 1
        if answer.own:
            self._progress.sources[UNREAD] = answer.own

    def _misunderstood_question(self, question: Question, fitting: tuple[int, ...]) -> NoReturn:
        """Help with the open question: say what to write, later how to go on, and then do not repeat it any more."""
        if self._progress.failures < 3:
            labels = [choice.label for choice in question.choices]
            numbered = question.numbered(self._progress.draft, self._abilities)
            self._show_question(question, hint=self._misunderstood(labels, fitting, numbered))
        self._show(question.key, Outgoing(text=self._render(self._a_person())))

    def _back(self, answer: Answer) -> NoReturn:
        """Open the question before this one, or what asked to change its answer; before the first there is the menu."""
        progress = self._progress
        if KEPT not in progress.draft and not self._visited:
            raise Left
        progress.failures = 0
        progress.sources.pop(UNREAD, None)
        if KEPT in progress.draft:
            progress.answers[progress.question] = progress.draft[KEPT]
            progress.question, progress.draft = "", {}
        else:
            progress.open_again(self._visited[-1])
        raise Again(answer.message)

    def _misunderstood(
        self, labels: Sequence[Words], fitting: Sequence[int] = (), numbered: range | None = None
    ) -> Words:
        """Return what helps: first what to write, then how to go on otherwise.

        What was written may mean each of those `fitting`; numbers count those `numbered`, or all of them.
        """
        counted = range(len(labels)) if numbered is None else numbered
        named = lines(
            *(
                Lines((str(counted.index(index) + 1), labels[index]), " – ") if index in counted else labels[index]
                for index in fitting or counted
            )
        )
        if fitting:
            self_help: Words = _("This can mean several things:\n{choices}\nWhich one do you mean?", choices=named)
        elif self._abilities.buttons:
            self_help = lines(_("I did not understand this. Please press a button, or write a number:"), named)
        else:
            self_help = _("I did not understand this. Please write a number or a word.")
        if self._progress.failures < 2:
            return self_help
        return paragraphs(self_help, _("Back to the beginning: MENU\nA person who helps: PERSON"))

    def _a_person(self) -> Words:
        office = self.profile.office
        return _(
            "It does not work out here, and that is not your fault. In an emergency: {emergency}\n"
            "A person can help you: {telephone} ({hours}).\n"
            "Back to the beginning: MENU",
            emergency=self.profile.helplines[0].number,
            telephone=office.telephone,
            hours=office.hours,
        )

    # ------------------------------------------------------------------ how a question is shown

    def _show_question(self, question: Question, hint: Words | None = None, replaces: str = "") -> NoReturn:
        draft = self._progress.draft
        chosen = question.chosen_elsewhere(draft, self._abilities)
        parts: list[Words | None] = [hint, chosen, self._counted(question, in_full=hint is None)]
        if MEANT_VALUE in draft:
            parts = [_("Did you mean: {choice}?", choice=question.in_words(draft[MEANT_VALUE]))]
        elif question.several and not self._abilities.buttons:
            parts.append(_("You can write several numbers, for example: 1 3"))
        elif question.must and not self._abilities.buttons:
            parts.append(_("Please write the number or the word."))
        if MEANT_VALUE not in draft:
            parts += self._which_page(draft, question.pages(self._abilities))
        if question.check is not None:
            draft[FREE] = True
        buttons = question.buttons(self._progress.id, draft, self._abilities, self._plain)
        text = self._render(paragraphs(*(part for part in parts if part is not None)))
        self._show(question.key, Outgoing(text=text, buttons=tuple(buttons), replaces=replaces or self._replaces))

    def _show(self, key: str, outgoing: Outgoing) -> NoReturn:
        if self.db.total_changes != self._changes:
            raise RuntimeError(f"the question {key!r} comes after a write")
        if not self._went_on:
            self.said.clear()
        self._progress.question = key
        self.said.append(outgoing)
        raise Open

    def _counted(self, question: Question, in_full: bool) -> Words:
        text = question.whole if in_full else question.text
        if not self.questions or question.label is None:
            return text
        number = len(self._review) + 1
        return lines(_("Question {i} of {n}", i=number, n=max(number, self.questions)), text)

    def _names(self, label: Words) -> list[str]:
        """Return a label in every language: people mix them."""
        return [self.languages.plain(label, code) for code in self.languages.codes]

    def _render(self, words: Words) -> str:
        return self.languages.render_for(words, self.person.language)

    def _plain(self, words: Words) -> str:
        return self.languages.plain(words, self.person.language or self.languages.codes[0])
