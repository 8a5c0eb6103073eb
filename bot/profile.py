"""The profile: everything that differs from city to city, read from one TOML file.

No city, office, topic, district, telephone number or legal text stands in the code. A profile is read once at start;
what is wrong in it is reported all at once, one plain sentence each.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from bot import markup
from bot.words import normal

FOLDER = Path(__file__).parent.parent / "profiles"
_ID = re.compile(r"[a-z0-9-]{1,20}")
T = TypeVar("T")


class ProfileFaults(Exception):
    """The profile cannot be used; `faults` holds one plain sentence for each reason."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Localized:
    """One text in every language of the profile, written by the people of the city."""

    texts: Mapping[str, str]

    def __getitem__(self, language: str) -> str:
        return self.texts[language]


@dataclass(frozen=True)
class Item:
    """Something a person can choose; `id` is what is stored, `typed` may be written instead of the name."""

    id: str
    name: Localized
    typed: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Topic(Item):
    """A topic of news; for a topic about children the age bands are asked."""

    about_children: bool


@dataclass(frozen=True)
class Role(Item):
    """A way to help; some need a certificate of good conduct."""

    needs_certificate: bool


@dataclass(frozen=True)
class Helpline:
    """A number to call, as last checked by the office."""

    name: Localized
    number: str
    checked_on: date


@dataclass(frozen=True)
class Question:
    """A frequent question about the partnership with its answer."""

    id: str
    question: Localized
    answer: Localized


@dataclass(frozen=True)
class Office:
    """The office behind the bot: who it is and how to reach a person there."""

    name: Localized
    telephone: str
    email: str
    hours: Localized
    page: str
    """Public web page with everything that the bot tells, for people who do not want to use it."""
    working_days_to_answer: int


@dataclass(frozen=True)
class Texts:
    """Sentences that name a city, so that no code has to inflect one."""

    welcome: Localized
    from_region: Localized
    raion_question: Localized
    broadcast_header: Localized
    official_address: Localized
    certificate: Localized
    rules: Localized
    housing: Localized


@dataclass(frozen=True)
class Legal:
    """The texts that the law asks for. An empty contact or imprint is what `check` warns of."""

    imprint: Localized
    privacy_short: Localized
    privacy: Localized
    privacy_contact: str
    privacy_version: str


@dataclass(frozen=True)
class MessengerNote:
    """What people have to know of a messenger: who can read along, and where their data go."""

    id: str
    short: Localized
    """Before the first answer that is stored."""
    privacy: Localized
    """In the privacy notice."""
    link: str
    """That opens our chat there; '' if the profile has none."""


@dataclass(frozen=True)
class BotCard:
    """How the bot introduces itself in the messenger (Bot API: name 64, description 512, short 120 characters)."""

    name: Localized
    description: Localized
    short_description: Localized


@dataclass(frozen=True)
class Profile:
    """Everything local about one partnership."""

    name: str
    languages: tuple[str, ...]
    time_zone: str
    bot: BotCard
    office: Office
    texts: Texts
    legal: Legal
    topics: tuple[Topic, ...]
    places: tuple[Item, ...]
    raions: tuple[Item, ...]
    age_bands: tuple[Item, ...]
    roles: tuple[Role, ...]
    spoken: tuple[Item, ...]
    """Languages that volunteers speak."""
    districts: tuple[Item, ...]
    questions: tuple[Question, ...]
    helplines: tuple[Helpline, ...]
    helpline_for_minors: str
    messengers: tuple[MessengerNote, ...]

    def note_of(self, messenger: str) -> MessengerNote:
        """Return what people have to know of a messenger. Raises: StopIteration if it is not in the profile."""
        return next(note for note in self.messengers if note.id == messenger)

    def local(self, seconds: int) -> datetime:
        """Return a stored time in the zone of the city."""
        return datetime.fromtimestamp(seconds, ZoneInfo(self.time_zone))


def available() -> list[str]:
    """Return the names of the profiles that come with the bot."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(name: str) -> Profile:
    """Return the profile of that name, or of that path if it ends in `.toml`. Raises: ProfileFaults."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProfileFaults([f"There is no profile {name!r}. There are: {', '.join(available())}."]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ProfileFaults([f"The profile {path.name} is not valid TOML: {fault}."]) from None
    reader = _Reader(table)
    profile = reader.profile(path.stem)
    if reader.faults or profile is None:
        raise ProfileFaults([f"Profile {path.name}: {fault}" for fault in reader.faults])
    return profile


class _Reader:
    """Reads tables and collects what is wrong instead of stopping at the first fault."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.table = table
        self.faults: list[str] = []
        self.languages: tuple[str, ...] = ()

    def profile(self, name: str) -> Profile | None:
        self.languages = self._languages()
        self._only(self.table, {*Profile.__dataclass_fields__} - {"name"}, "profile")
        profile = Profile(
            name=name,
            languages=self.languages,
            time_zone=self._time_zone(),
            bot=self._section("bot", self._bot),
            office=self._section("office", self._office),
            texts=self._section("texts", self._texts),
            legal=self._section("legal", self._legal),
            topics=self._items("topics", self._topic),
            places=self._items("places", self._item),
            raions=self._items("raions", self._item),
            age_bands=self._items("age_bands", self._item),
            roles=self._items("roles", self._role),
            spoken=self._items("spoken", self._item),
            districts=self._items("districts", self._item),
            questions=self._items("questions", self._question),
            helplines=self._items("helplines", self._helpline),
            helpline_for_minors=self._string(self.table, "helpline_for_minors", "profile"),
            messengers=self._items("messengers", self._messenger),
        )
        return None if self.faults else profile

    def _languages(self) -> tuple[str, ...]:
        languages = self._get(self.table, "languages", list, "profile") or []
        if not languages or not all(isinstance(code, str) and re.fullmatch("[a-z]{2,3}", code) for code in languages):
            self.faults.append('languages should be a list of codes, such as ["uk", "de"].')
            return ()
        return tuple(languages)

    def _time_zone(self) -> str:
        zone = self._string(self.table, "time_zone", "profile")
        if zone and zone not in available_timezones():
            self.faults.append(f"time_zone: there is no zone {zone!r}. An example: Europe/Berlin.")
        return zone

    def _bot(self, table: dict[str, Any], where: str) -> BotCard:
        return BotCard(
            self._text(table, "name", where, longest=64),
            self._text(table, "description", where, longest=512),
            self._text(table, "short_description", where, longest=120),
        )

    def _office(self, table: dict[str, Any], where: str) -> Office:
        return Office(
            name=self._text(table, "name", where),
            telephone=self._string(table, "telephone", where),
            email=self._string(table, "email", where),
            hours=self._text(table, "hours", where),
            page=self._string(table, "page", where),
            working_days_to_answer=self._get(table, "working_days_to_answer", int, where) or 0,
        )

    def _texts(self, table: dict[str, Any], where: str) -> Texts:
        return Texts(**{key: self._text(table, key, where) for key in Texts.__dataclass_fields__})

    def _legal(self, table: dict[str, Any], where: str) -> Legal:
        return Legal(
            imprint=self._text(table, "imprint", where, may_be_empty=True),
            privacy_short=self._text(table, "privacy_short", where),
            privacy=self._text(table, "privacy", where),
            privacy_contact=self._string(table, "privacy_contact", where, may_be_empty=True),
            privacy_version=self._string(table, "privacy_version", where),
        )

    def _item(self, table: dict[str, Any], where: str) -> Item:
        return Item(self._id(table, where), self._text(table, "name", where), typed=self._typed(table, where))

    def _topic(self, table: dict[str, Any], where: str) -> Topic:
        about_children = self._flag(table, "about_children", where)
        item = self._item(table, where)
        return Topic(item.id, item.name, about_children, typed=item.typed)

    def _role(self, table: dict[str, Any], where: str) -> Role:
        needs_certificate = self._flag(table, "needs_certificate", where)
        item = self._item(table, where)
        return Role(item.id, item.name, needs_certificate, typed=item.typed)

    def _question(self, table: dict[str, Any], where: str) -> Question:
        return Question(
            self._id(table, where), self._text(table, "question", where), self._text(table, "answer", where)
        )

    def _messenger(self, table: dict[str, Any], where: str) -> MessengerNote:
        link = self._string({"link": "", **table}, "link", where, may_be_empty=True)
        if link and not link.startswith("https://"):
            self.faults.append(f"{where}: link should begin with https://, as in https://t.me/….")
        return MessengerNote(
            self._id(table, where), self._text(table, "short", where), self._text(table, "privacy", where), link
        )

    def _helpline(self, table: dict[str, Any], where: str) -> Helpline:
        return Helpline(
            self._text(table, "name", where),
            self._string(table, "number", where),
            self._get(table, "checked_on", date, where) or date.min,
        )

    def _section(self, key: str, read: Callable[[dict[str, Any], str], T]) -> T:
        table = self._get(self.table, key, dict, "profile") or {}
        section = read(table, f"[{key}]")
        self._only(table, {*getattr(section, "__dataclass_fields__", ())}, f"[{key}]")
        return section

    def _items(self, key: str, read: Callable[[dict[str, Any], str], T]) -> tuple[T, ...]:
        tables = self._get(self.table, key, list, "profile") or []
        if not tables or not all(isinstance(table, dict) for table in tables):
            self.faults.append(f"{key} should be a list of tables.")
            return ()
        items = tuple(read(table, f"{key} {number}") for number, table in enumerate(tables, 1))
        for number, (table, item) in enumerate(zip(tables, items, strict=True), 1):
            self._only(table, {*getattr(item, "__dataclass_fields__", ())}, f"{key} {number}")
        ids = [getattr(item, "id", number) for number, item in enumerate(items)]
        if len(set(ids)) < len(ids):
            self.faults.append(f"{key} has the same id twice.")
        named = [{normal(name) for name in (*x.typed, *x.name.texts.values())} for x in items if isinstance(x, Item)]
        twice = sorted({name for names in named for name in names if sum(name in each for each in named) > 1})
        self.faults += [f"{key}: {name!r} stands for two entries, so it would mean neither." for name in twice]
        return items

    def _only(self, table: dict[str, Any], known: set[str], where: str) -> None:
        """Find misspelt keys: one that nobody reads would change nothing and say nothing."""
        self.faults += [f"{where}: there is nothing called {key}." for key in sorted({*table} - known)]

    def _get(self, table: dict[str, Any], key: str, kind: type, where: str) -> Any:
        if key not in table:
            self.faults.append(f"{where} lacks {key}.")
        elif type(table[key]) is not kind:
            self.faults.append(f"{where}: {key} should be of the kind {kind.__name__}.")
        else:
            return table[key]
        return None

    def _flag(self, table: dict[str, Any], key: str, where: str) -> bool:
        return bool(key in table and self._get(table, key, bool, where))

    def _typed(self, table: dict[str, Any], where: str) -> tuple[str, ...]:
        names = self._get(table, "typed", list, where) if "typed" in table else None
        if names and not all(isinstance(name, str) and len(normal(name)) > 1 for name in names):
            self.faults.append(f"{where}: typed should be a list of names with two letters or more.")
            return ()
        return tuple(names or ())

    def _id(self, table: dict[str, Any], where: str) -> str:
        value = self._string(table, "id", where)
        if value and not _ID.fullmatch(value):
            self.faults.append(f"{where}: the id {value!r} may hold up to 20 of a-z, 0-9 and the hyphen.")
        return value

    def _string(self, table: dict[str, Any], key: str, where: str, may_be_empty: bool = False) -> str:
        value = self._get(table, key, str, where)
        if value == "" and not may_be_empty:
            self.faults.append(f"{where}: {key} is empty.")
        return (value or "").strip()

    def _text(
        self, table: dict[str, Any], key: str, where: str, longest: int = 0, may_be_empty: bool = False
    ) -> Localized:
        value = table.get(key)
        if isinstance(value, str):  # the same in every language
            value = dict.fromkeys(self.languages, value)
        if not isinstance(value, dict):
            self.faults.append(f"{where} lacks {key}.")
            return Localized({})
        for language in self.languages:
            text = value.get(language)
            if not isinstance(text, str) or (not text.strip() and not may_be_empty):
                self.faults.append(f"{where}: {key} lacks the language {language}.")
            elif longest and len(text) > longest:
                self.faults.append(f"{where}: {key} in {language} is longer than {longest} characters.")
            else:
                self._check_markup(text, f"{where}: {key} in {language}")
        return Localized({language: str(text).strip() for language, text in value.items()})

    def _check_markup(self, text: str, where: str) -> None:
        try:
            markup.parse(text)
        except ValueError as fault:
            self.faults.append(f"{where}: the markup is not right: {fault}.")
