"""People who talk to the real bot, each a story of their own that depends on nothing but their number.

They look at their screen: which question is open is known by what its buttons carry, so that they need no language.
They wait for the answer to their last message before they send the next, whatever happens to the bot meanwhile.
"""

import asyncio
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.telegram_chats import Message
from bot.interests import Frequency, Interest
from bot.offers import CHAT, Offer
from bot.profile import Profile

DONE, SKIP, RIGHT = "!done", "!skip", "!right"
ON_ONE_PAGE = 9
"""Choices that are on the screen without turning a page."""


@dataclass(frozen=True)
class Step:
    """What somebody does once a question is open: `at` is its key, or the data of a button that leads on."""

    at: str
    press: str = ""
    """The value of a button of that question."""
    write: str = ""


@dataclass
class Story:
    """What one person does from beginning to end, and what the bot then has to know of them."""

    steps: list[Step]
    language: str
    interest: Interest | None = None
    offer: Offer | None = None
    consents: set[str] = field(default_factory=set)


def story(number: int, city: Profile) -> Story:
    """Return the story of a person: one registers, the next one offers help, the third only asks."""
    chance = random.Random(number)
    told = Story([Step("", write="/start")], chance.choice(city.languages))
    told.steps.append(Step("language", press=told.language))
    match number % 3:
        case 0:
            told.steps += _questions(chance, city)
        case 1:
            told.steps += _registration(chance, city, told)
        case _:
            told.steps += _offer(number, chance, city, told)
    return told


def _questions(chance: random.Random, city: Profile) -> Iterator[Step]:
    for question in chance.sample(city.questions, 3):
        yield Step("go:questions")
        yield Step(f"go:questions:{question.id}")
        yield Step("go:menu") if chance.random() < 0.5 else Step("go:menu", write="/menu")
    yield Step("go:person")


def _registration(chance: random.Random, city: Profile, told: Story) -> Iterator[Step]:
    topics = _some(chance, [topic.id for topic in city.topics])
    about_children = any(topic.about_children for topic in city.topics if topic.id in topics)
    place = chance.choice(city.places).id
    raion = chance.choice([None, *(raion.id for raion in city.raions)])
    bands = _some(chance, [band.id for band in city.age_bands]) if about_children else []
    frequency = chance.choice(list(Frequency))
    told.interest = Interest(topics, place, raion, bands, frequency)
    told.consents = {"news", "origin"} if raion else {"news"}
    yield Step("go:register")
    yield from (_pressed_or_typed(chance, "consent", "yes", 1), _pressed_or_typed(chance, "adult", "yes", 1))
    if chance.random() < 0.3:
        yield Step("topics", write="/emergency")
    yield from _several("topics", topics)
    yield _pressed_or_typed(chance, "place", place, 1 + [place.id for place in city.places].index(place))
    yield Step("consent-origin", press="yes" if raion else "no")
    if raion:
        yield _pressed_or_typed(chance, "raion", raion, 1 + [raion.id for raion in city.raions].index(raion))
    if about_children:
        yield from _several("age-bands", bands)
    yield Step("frequency", press=frequency)
    yield from _review(chance, "place", place)


def _offer(number: int, chance: random.Random, city: Profile, told: Story) -> Iterator[Step]:
    roles = _some(chance, [role.id for role in city.roles[:ON_ONE_PAGE]])
    spoken = _some(chance, [language.id for language in city.spoken])
    district = chance.choice([None, *(district.id for district in city.districts[:ON_ONE_PAGE])])
    contact = chance.choice([f"0231100{number:05}", f"person{number}@example.org", CHAT])
    organisation = chance.choice(["", f"Verein {number}"])
    told.offer = Offer(roles, spoken, [], district, f"Ганна Person {number}", contact, organisation)
    told.consents = {"volunteer"}
    yield Step("go:my-offer")
    yield from (_pressed_or_typed(chance, "consent", "yes", 1), _pressed_or_typed(chance, "adult", "yes", 1))
    yield from _several("roles", roles)
    yield from _several("spoken", spoken)
    yield Step("times", press=SKIP)
    yield Step("district", press=district or SKIP)
    yield Step("rules", press="yes")
    yield Step("name", write=told.offer.name)
    if chance.random() < 0.3:
        yield Step("contact", write="12")
    yield Step("contact", write=contact)
    yield Step("organisation", write=organisation) if organisation else Step("organisation", press=SKIP)
    yield from _review(chance, "district", district or SKIP)


def _review(chance: random.Random, key: str, value: str) -> Iterator[Step]:
    """Confirm; some give one answer again before."""
    if chance.random() < 0.3:
        yield Step("!review", press=f"!change:{key}")
        yield Step(key, press=value)
    yield Step("!review", press=RIGHT)


def _several(key: str, values: list[str]) -> Iterator[Step]:
    yield from (Step(key, press=value) for value in values)
    yield Step(key, press=DONE)


def _pressed_or_typed(chance: random.Random, key: str, value: str, number: int) -> Step:
    return Step(key, write=str(number)) if chance.random() < 0.4 else Step(key, press=value)


def _some(chance: random.Random, ids: list[str]) -> list[str]:
    """Return one to three of them in their order."""
    chosen = chance.sample(ids, chance.randint(1, min(3, len(ids))))
    return [id for id in ids if id in chosen]


class Talker:
    """Somebody with a telephone who follows their story."""

    def __init__(self, telegram: PretendTelegram, number: int, story: Story) -> None:
        self.number = number
        self.story = story
        self.person = telegram.person(f"Person {number}", language_code=story.language)
        self.person.chat.listener = self._heard
        self.said = 0
        """How many messages and presses they sent."""
        self.is_done = False
        self._news = asyncio.Event()

    async def talk(self, pause: Callable[[], float]) -> None:
        """Follow the story to its end; `pause` says how many seconds to think before each step."""
        for step in self.story.steps:
            await self._until(step.at)
            await asyncio.sleep(pause())
            self._act(step)
        await self._until("go:menu")
        self.is_done = True

    async def _until(self, at: str) -> None:
        """Wait until something came in answer, and what is waited for is on the screen."""
        while self.said and not (self._news.is_set() and (not at or self._button(at))):
            self._news.clear()
            await self._news.wait()

    def _act(self, step: Step) -> None:
        self._news.clear()
        self.said += 1
        if step.write:
            self.person.write(step.write)
        else:
            self.person.press(None, self._button(step.at, step.press))

    def _heard(self, _message: Message) -> None:
        self._news.set()

    def _button(self, at: str, value: str = "") -> str:
        """Return what a button of the newest message carries; '' if it is not there."""
        wanted = re.escape(at) if at.startswith("go:") else rf"a:\d+:{re.escape(at)}:{re.escape(value) or '.*'}"
        return next((data for data in self._newest_keyboard() if re.fullmatch(wanted, data)), "")

    def _newest_keyboard(self) -> list[str]:
        newest = next((message for message in reversed(self.person.chat.messages.values()) if message.by_bot), None)
        return [data for row in newest.buttons for _, data in row] if newest else []
