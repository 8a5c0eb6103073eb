"""A question: what of an answer it takes, and which buttons stand under it.

It knows nothing of the conversation around it. `draft` is what the open question remembers between two messages: what
is ticked so far (`selected`) and which page of a long list is shown (`page`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from bot import words as typed_words
from bot.languages import Words, _, listing, paragraphs
from bot.messages import Button

SKIP, BACK, ZERO, CANCEL, DONE, PAGE = "!skip", "!back", "!zero", "!cancel", "!done", "!page"

Draft = dict[str, Any]
Names = Callable[[Words], list[str]]
"""Gives the names of a label in every language: people mix them."""


@dataclass(frozen=True)
class Choice:
    """Something that can be chosen: `value` is stored, `label` is shown, `names` may be typed instead of it."""

    value: str
    label: Words
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """A button that begins another conversation; it works for ever, however old the message is."""

    label: Words
    name: str
    argument: str = ""

    @property
    def data(self) -> str:
        """What the button carries."""
        return f"go:{self.name}:{self.argument}" if self.argument else f"go:{self.name}"


@dataclass(frozen=True)
class Answer:
    """What the person did about the open question: typed, or pressed a button with `value` under `message`."""

    text: str = ""
    value: str = ""
    message: str = ""


class Invalid(Exception):
    """What a person wrote cannot be taken; `words` tell them what to write instead."""

    def __init__(self, words: Words) -> None:
        super().__init__("an answer was not valid")
        self.words = words


class NotUnderstood(Exception):
    """The answer is none of the choices."""


class Ticked(Exception):
    """A box was ticked or a page turned: the question stays open and is changed where it stands."""

    def __init__(self, hint: Words | None = None) -> None:
        super().__init__("a box was ticked")
        self.hint = hint


@dataclass(frozen=True)
class Question:
    """One question. With `check` it takes what is written, else one of the choices, or several."""

    key: str
    text: Words
    choices: tuple[Choice, ...] = ()
    several: bool = False
    links: tuple[Link, ...] = ()
    label: Words | None = None
    """Its name in the review; None: it does not appear there."""
    skip: bool = False
    must: bool = False
    selected: tuple[str, ...] = ()
    about: Words | None = None
    """What stands before the question, but not each time it is asked again."""
    check: Callable[[str], str] | None = None
    shown: Callable[[str], Words] = str

    @property
    def whole(self) -> Words:
        """The question with what stands before it."""
        return self.text if self.about is None else paragraphs(self.about, self.text)

    @property
    def values(self) -> list[str]:
        """What can be stored."""
        return [choice.value for choice in self.choices]

    def still_takes(self, value: Any) -> bool:
        """Say whether an answer that was stored is one today."""
        if value is None:
            return self.skip
        if self.check is not None:
            return isinstance(value, str)
        return set(value) <= {*self.values} if self.several else value in self.values

    def in_words(self, value: Any) -> Words:
        """Return an answer as people read it."""
        if value is None:
            return _("no answer")
        if self.check is not None:
            return self.shown(value)
        chosen = [value] if isinstance(value, str) else value
        return listing(choice.label for choice in self.choices if choice.value in chosen)

    # ------------------------------------------------------------------ take an answer

    def understand(self, answer: Answer, draft: Draft, names: Names) -> Any:
        """Return the value to store, None if the question is skipped. Raises: Invalid, NotUnderstood, Ticked."""
        if answer.value == SKIP and self.skip:
            return None
        if self.check is not None:
            if answer.value or not answer.text:
                raise Invalid(_("Please write your answer as a message."))
            if self.skip and typed_words.word_list().answer(answer.text) == "no":
                return None
            return self.check(answer.text)
        if answer.value.startswith(PAGE):
            self._turn_page(answer.value.removeprefix(PAGE), draft)
        return self._several(answer, draft, names) if self.several else self._one(answer, names)

    def _one(self, answer: Answer, names: Names) -> str:
        if answer.value in self.values:
            return answer.value
        match = None if answer.value else typed_words.choose(answer.text, self._all_names(names))
        if match is None:
            raise NotUnderstood
        return self.values[match.index]

    def _several(self, answer: Answer, draft: Draft, names: Names) -> list[str]:
        selected = [value for value in self._selected(draft) if value in self.values]
        if answer.value == DONE or (answer.text and typed_words.word_list().answer(answer.text) == "done"):
            if not selected:
                raise Ticked(_("Please choose at least one answer."))
            return selected
        if answer.value in self.values:
            draft["selected"] = [value for value in self.values if value in {*selected} ^ {answer.value}]
            raise Ticked
        matches = None if answer.value else typed_words.choose_several(answer.text, self._all_names(names))
        if matches is None:
            raise NotUnderstood
        return [self.values[index] for index in matches.indexes]

    def _selected(self, draft: Draft) -> Sequence[str]:
        ticked: Sequence[str] = draft.get("selected", self.selected)
        return ticked

    def _all_names(self, names: Names) -> list[list[str]]:
        return [[*names(choice.label), *choice.names] for choice in self.choices]

    def _turn_page(self, page: str, draft: Draft) -> NoReturn:
        draft["page"] = int(page) if page.isdecimal() and len(page) < 3 else 0
        raise Ticked

    # ------------------------------------------------------------------ be shown

    def buttons(self, conversation: int, draft: Draft, page_size: int, plain: Callable[[Words], str]) -> list[Button]:
        """Return the buttons under the question; each carries the id of its conversation, so an old one is known."""

        def button(label: Words, value: str, wide: bool = True, box: str = "") -> Button:
            return Button(box + plain(label), f"a:{conversation}:{self.key}:{value}", wide)

        pages = max(1, -(-len(self.choices) // page_size))
        page = draft.get("page", 0) % pages
        shown = self.choices[page * page_size : (page + 1) * page_size]
        buttons = [button(choice.label, choice.value, box=self._box(choice, draft)) for choice in shown]
        if pages > 1:
            buttons.append(button(_("More …"), f"{PAGE}{(page + 1) % pages}"))
        if self.several:
            buttons.append(button(_("Done"), DONE))
        buttons += [Button(plain(link.label), link.data) for link in self.links]
        if self.skip:
            buttons.append(button(_("Skip"), SKIP))
        if not self.must:
            buttons += [button(_("← Back"), BACK, wide=False), button(_("Cancel"), CANCEL, wide=False)]
        return buttons

    def _box(self, choice: Choice, draft: Draft) -> str:
        if not self.several:
            return ""
        return "☑ " if choice.value in self._selected(draft) else "☐ "


def as_choices(choices: Iterable[Any]) -> tuple[Choice, ...]:
    """Return choices made of choices or of items of the profile."""
    return tuple(choice if isinstance(choice, Choice) else Choice(choice.id, choice.name) for choice in choices)
