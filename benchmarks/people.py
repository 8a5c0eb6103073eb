"""People who talk to the real bot, each a story of their own that depends on nothing but their number.

They look at their screen: which question is open is known by what its buttons carry, so that they need no language.
They wait for the answer to their last message before they send the next, whatever happens to the bot meanwhile.
"""

import asyncio
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.telegram_chats import Message
from bot.interests import Frequency, Interest
from bot.offers import CHAT, Offer
from bot.profile import Item, Profile

DONE, SKIP, RIGHT = "!done", "!skip", "!right"
YES_OR_NO = ["yes", "no"]
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
    all_topics, all_bands = _ids(city.topics), _ids(city.age_bands)
    topics = _some(chance, all_topics)
    about_children = any(topic.about_children for topic in city.topics if topic.id in topics)
    place = chance.choice(_ids(city.places))
    raion = chance.choice([None, *_ids(city.raions)])
    bands = _some(chance, all_bands) if about_children else []
    frequency = chance.choice(list(Frequency))
    told.interest = Interest(topics, place, raion, bands, frequency)
    told.consents = {"news", "origin"} if raion else {"news"}
    yield Step("go:register")
    yield from (_one(chance, "consent", "yes", YES_OR_NO), _one(chance, "adult", "yes", YES_OR_NO))
    if chance.random() < 0.3:
        yield Step("topics", write="/emergency")
    yield from _several(chance, "topics", topics, all_topics)
    yield _one(chance, "place", place, _ids(city.places))
    yield _one(chance, "consent-origin", "yes" if raion else "no", YES_OR_NO)
    if raion:
        yield _one(chance, "raion", raion, _ids(city.raions))
    if about_children:
        yield from _several(chance, "age-bands", bands, all_bands)
    yield _one(chance, "frequency", frequency, list(Frequency))
    yield from _review(chance, "place", place)


def _offer(number: int, chance: random.Random, city: Profile, told: Story) -> Iterator[Step]:
    all_roles, all_spoken, districts = _ids(city.roles), _ids(city.spoken), _ids(city.districts)[:ON_ONE_PAGE]
    roles, spoken = _some(chance, all_roles), _some(chance, all_spoken)
    district = chance.choice([None, *districts])
    contact = chance.choice([f"0231100{number:05}", f"person{number}@example.org", CHAT])
    organisation = chance.choice(["", f"Verein {number}"])
    told.offer = Offer(roles, spoken, [], district, f"Ганна Person {number}", contact, organisation)
    told.consents = {"volunteer"}
    yield Step("go:my-offer")
    yield from (_one(chance, "consent", "yes", YES_OR_NO), _one(chance, "adult", "yes", YES_OR_NO))
    yield from _several(chance, "roles", roles, all_roles)
    yield from _several(chance, "spoken", spoken, all_spoken)
    yield Step("times", press=SKIP)
    yield _one(chance, "district", district, districts) if district else Step("district", press=SKIP)
    yield _one(chance, "rules", "yes", YES_OR_NO)
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


def _one(chance: random.Random, key: str, value: str, ids: Sequence[str]) -> Step:
    """Press the button or type its number."""
    return Step(key, write=str(1 + ids.index(value))) if chance.random() < 0.4 else Step(key, press=value)


def _several(chance: random.Random, key: str, values: list[str], ids: Sequence[str]) -> Iterator[Step]:
    """Tick the boxes one by one or type all their numbers."""
    if chance.random() < 0.4:
        yield Step(key, write=" ".join(str(1 + ids.index(value)) for value in values))
    else:
        yield from (Step(key, press=value) for value in values)
        yield Step(key, press=DONE)


def _ids(items: Iterable[Item]) -> list[str]:
    return [item.id for item in items]


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
