"""A question: what of an answer it takes, and which buttons stand under it.

It knows nothing of the conversation around it. `draft` is what the open question remembers between two messages: what
is ticked so far (`selected`) and which page of a long list is shown (`page`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from bot import words as typed_words
from bot.languages import Words, _, listing, paragraphs
from bot.messages import Abilities, Button

SKIP, BACK, ZERO, CANCEL, DONE, PAGE, NONE = "!skip", "!back", "!zero", "!cancel", "!done", "!page", "!none"
MEANT, OTHER = "!meant", "!other"
MEANT_VALUE = "meant"
"""In the draft: the choice that somebody is asked back about."""
KEPT = "kept"
"""In the draft: the answer that is being changed, and stays if somebody goes back."""
MENU = "menu"

Draft = dict[str, Any]
Names = Callable[[Words], list[str]]
"""Gives the names of a label in every language: people mix them."""
Plain = Callable[[Words], str]
"""Gives a label in the person's language, without its look."""


@dataclass(frozen=True)
class Choice:
    """Something that can be chosen: `value` is stored, `label` is shown, `names` may be typed instead of it."""

    value: str
    label: Words
    names: tuple[str, ...] = ()
    weighty: bool = False
    """It deletes, publishes or shares: somebody who wrote something similar is asked whether they mean it."""
    final: bool = False
    """It cannot be taken back: a thumb is asked back, too."""


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

    def button(self, plain: Plain, *, of_notice: bool = False) -> Button:
        """Return the link as a button. To the menu a letter leads where there are no buttons, for ever.

        Under a notice, which comes between others, there is a word instead of a number.
        """
        label = plain(self.label)
        if self.name == MENU:
            return Button(label, self.data, key=_letter(label))
        return Button(label, self.data, key=self.argument or self.name.upper() if of_notice else "")


@dataclass(frozen=True)
class Answer:
    """What the person did about the open question: typed, or pressed a button with `value` under `message`.

    `values` are those whose numbers were typed, `own` is the message in which they wrote it.
    """

    text: str = ""
    value: str = ""
    message: str = ""
    values: tuple[str, ...] = ()
    own: str = ""
    thumb: bool = False
    """It was no more than a thumb under the question."""


class Invalid(Exception):
    """What a person wrote cannot be taken; `words` tell them what to write instead."""

    def __init__(self, words: Words) -> None:
        super().__init__("an answer was not valid")
        self.words = words


class NotUnderstood(Exception):
    """The answer is none of the choices, or leaves it open which of some it is: `fitting` are their places."""

    def __init__(self, fitting: tuple[int, ...] = ()) -> None:
        super().__init__("an answer was not understood")
        self.fitting = fitting


class AskBack(Exception):
    """The answer is similar to a choice that weighs much."""

    def __init__(self, value: str) -> None:
        super().__init__("an answer is only similar")
        self.value = value


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

    def understand(self, answer: Answer, draft: Draft, names: Names, abilities: Abilities) -> Any:
        """Return the value to store, None if the question is skipped.

        Raises: Invalid, NotUnderstood, Ticked, AskBack.
        """
        if MEANT_VALUE in draft:
            meant = draft.pop(MEANT_VALUE)
            if answer.value == OTHER or self._says(answer, names) == 1:
                raise Ticked
            if answer.value == MEANT or self._says(answer, names) == 0:
                return meant
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
        is_last = self._shown(draft, abilities).stop == len(self.choices)
        if self.several and is_last and answer.value == SKIP:
            answer = replace(answer, value=DONE)
        elif self.pages(abilities) > 1 and wants_more(answer):
            self._turn_page(str(self.page(draft, abilities) + 1), draft)
        page = self.numbered(draft, abilities)
        if page is not None and not (answer.value or answer.values) and typed_words.numbers(answer.text):
            raise NotUnderstood  # numbers that count here come as what they stand for
        return self._several(answer, draft, names, page) if self.several else self._one(answer, names, page)

    def _says(self, answer: Answer, names: Names) -> int | None:
        """Return 0 for a yes, 1 for a no."""
        match = typed_words.choose(answer.text, [names(_("Yes")), names(_("No"))]) if answer.text else None
        return match.index if match else None

    def _one(self, answer: Answer, names: Names, page: range | None) -> str:
        if answer.value in self.values:
            if answer.thumb and self.choices[self.values.index(answer.value)].final:
                raise AskBack(answer.value)
            return answer.value
        all_names = self._all_names(names)
        match = None if answer.value else typed_words.choose(answer.text, all_names, page)
        if match is None:
            raise NotUnderstood(typed_words.fitting(answer.text, all_names))
        choice = self.choices[match.index]
        if choice.weighty and not match.sure:
            raise AskBack(choice.value)
        return choice.value

    def _several(self, answer: Answer, draft: Draft, names: Names, page: range | None) -> list[str]:
        selected = [value for value in self._selected(draft) if value in self.values]
        said = typed_words.word_list().answer(answer.text) if answer.text else ""
        nothing_else = said == "no" and selected and draft.get("page")
        if answer.value == DONE or said == "done" or nothing_else:
            if not selected:
                raise Ticked(_("Please choose at least one answer."))
            return selected
        if answer.value in self.values:
            draft["selected"] = self._in_order({*selected} ^ {answer.value})
            raise Ticked
        if page is not None and answer.value == NONE:
            draft["selected"] = [value for value in selected if self.values.index(value) not in page]
            raise Ticked
        if page is not None and answer.values:
            return self._tick_page(answer.values, selected, draft, page)
        all_names = self._all_names(names)
        matches = None if answer.value else typed_words.choose_several(answer.text, all_names, page)
        if matches is None:
            raise NotUnderstood(typed_words.fitting(answer.text, all_names))
        return [self.values[index] for index in matches.indexes]

    def _tick_page(self, values: Sequence[str], selected: list[str], draft: Draft, page: range) -> list[str]:
        """Take the numbers written for what is chosen on this page; after the last page that is the answer."""
        if not set(values) <= set(self.values):
            raise NotUnderstood
        here = {self.values[index] for index in page}
        chosen = self._in_order({*selected} - here | {*values})
        if chosen and page.stop == len(self.choices):
            return chosen
        draft["selected"] = chosen
        draft["page"] = draft.get("page", 0) + 1
        raise Ticked

    def chosen_elsewhere(self, draft: Draft, abilities: Abilities) -> Words | None:
        """Say what is ticked, if some of it stands on another page than the one that is shown."""
        if not self.several:
            return None
        selected, here = self._selected(draft), [self.values[index] for index in self._shown(draft, abilities)]
        if set(selected) <= {*here}:
            return None
        return _("Chosen so far: {choices}\nAnything else? If not: “Done”", choices=self.in_words(selected))

    def _in_order(self, values: set[str]) -> list[str]:
        return [value for value in self.values if value in values]

    def _selected(self, draft: Draft) -> Sequence[str]:
        ticked: Sequence[str] = draft.get("selected", self.selected)
        return ticked

    def _all_names(self, names: Names) -> list[list[str]]:
        return [[*names(choice.label), *choice.names] for choice in self.choices]

    def _turn_page(self, page: str, draft: Draft) -> NoReturn:
        draft["page"] = int(page) if page.isdecimal() and len(page) < 3 else 0
        raise Ticked

    def numbered(self, draft: Draft, abilities: Abilities) -> range | None:
        """Return which choices the numbers count; None with buttons, where numbers count all of them."""
        return None if abilities.buttons else self._shown(draft, abilities)

    def _shown(self, draft: Draft, abilities: Abilities) -> range:
        return shown_on(self.page(draft, abilities), len(self.choices), abilities.choices)

    def page(self, draft: Draft, abilities: Abilities) -> int:
        """Return which page is shown, from 0."""
        page: int = draft.get("page", 0) % self.pages(abilities)
        return page

    def pages(self, abilities: Abilities) -> int:
        """Return on how many pages the choices are."""
        return pages_for(len(self.choices), abilities.choices)

    # ------------------------------------------------------------------ be shown

    def buttons(self, conversation: int, draft: Draft, abilities: Abilities, plain: Plain) -> list[Button]:
        """Return the buttons under the question; each carries the id of its conversation, so an old one is known."""

        def button(label: Words, value: str, wide: bool = True, box: str = "", key: str = "") -> Button:
            return Button(box + plain(label), f"a:{conversation}:{self.key}:{value}", wide, key)

        if MEANT_VALUE in draft:
            return [button(_("Yes"), MEANT), button(_("No"), OTHER)]
        pages = self.pages(abilities)
        shown = [self.choices[index] for index in self._shown(draft, abilities)]
        buttons = [button(choice.label, choice.value, box=self._box(choice, draft, abilities)) for choice in shown]
        if pages > 1:
            buttons.append(button(*turning(self.page(draft, abilities), pages)))
        buttons += [link.button(plain) for link in self.links]
        if pages > 1 and not abilities.buttons and any(choice.value in self._selected(draft) for choice in shown):
            buttons.append(button(_("Untick this page"), NONE))
        if self.several and (abilities.buttons or pages > 1 or self._selected(draft)):
            buttons.append(button(_("Done"), DONE, key=_letter(plain(_("Done")))))
        if self.skip:
            buttons.append(button(_("Skip"), SKIP))
        if not self.must:
            buttons.append(button(_("← Back"), BACK, wide=False, key="0"))
            cancel = button(_("Cancel"), CANCEL, wide=False)
            buttons.append(cancel if abilities.buttons else Link(_("☰ Menu"), MENU).button(plain))
        return buttons

    def _box(self, choice: Choice, draft: Draft, abilities: Abilities) -> str:
        if not self.several:
            return ""
        return "☑ " if choice.value in self._selected(draft) else "☐ " if abilities.buttons else ""


def wants_more(answer: Answer) -> bool:
    """Say whether somebody asks for the next page, or only to go on."""
    return answer.value == SKIP or (answer.text != "" and typed_words.word_list().answer(answer.text) == "more")


def pages_for(choices: int, page_size: int) -> int:
    """Return how many pages so many choices need."""
    return max(1, -(-choices // page_size))


def shown_on(page: int, choices: int, page_size: int) -> range:
    """Return the places of the choices that stand on a page."""
    return range(page * page_size, min((page + 1) * page_size, choices))


def turning(page: int, pages: int) -> tuple[Words, str]:
    """Return label and value of the button that turns this page: the last one leads to the first."""
    following = (page + 1) % pages
    return _("More …") if following else _("To the first page"), f"{PAGE}{following}"


def _letter(label: str) -> str:
    """Return the letter that is typed for a label where there are no buttons."""
    return next(filter(str.isalpha, label))


def as_choices(choices: Iterable[Any]) -> tuple[Choice, ...]:
    """Return choices made of choices or of items of the profile."""
    return tuple(
        choice if isinstance(choice, Choice) else Choice(choice.id, choice.name, choice.typed) for choice in choices
    )
