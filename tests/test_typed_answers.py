"""What people type under a list of choices, and what is understood: the bot's own lists, and spellings as they happen.

Each row is a list, what was typed, and what was meant: the value of a choice, or several; with "?" where it has to be
asked back; "!menu" is a word that always works; "" is nothing, and the question is asked again.
"""

from collections.abc import Iterable

import pytest

from bot import profile, words
from bot.chat import RIGHT
from bot.conversations import Conversation
from bot.languages import Languages, Words, _, names, own_name
from bot.questions import Choice
from bot.words import Matches, choose, choose_several, numbers, word_list
from handlers import conversations
from handlers.consent import yes_or_no
from handlers.staff import GROUPS
from handlers.summary import FREQUENCIES, TIMES, TYPED

CITY = profile.read("dortmund-schytomyr")
LANGUAGES = Languages(CITY.languages)

Labels = dict[str, list[str]]
"""The names of each choice by its value."""


def shown(choices: Iterable[Choice]) -> Labels:
    """Return the names that can be typed for each choice: those in both languages, and its own."""
    return {
        choice.value: [*(LANGUAGES.plain(choice.label, code) for code in LANGUAGES.codes), *choice.names]
        for choice in choices
    }


def of(items: Iterable[profile.Item]) -> Labels:
    return shown(Choice(item.id, item.name, item.typed) for item in items)


def yes_no(yes: Words, no: Words) -> Labels:
    return shown([Choice("yes", yes), Choice("no", no)])


def menu(found: Iterable[Conversation]) -> Labels:
    return shown(Choice(conversation.name, conversation.label) for conversation in found)


ALL = {conversation.name: conversation for conversation in conversations(CITY)}
TOPICS, PLACES, RAIONS, AGES = of(CITY.topics), of(CITY.places), of(CITY.raions), of(CITY.age_bands)
SPOKEN, DISTRICTS = of(CITY.spoken), of(CITY.districts)
TASKS = shown(
    Choice(role.id, _("{role} (C)", role=role.name) if role.needs_certificate else role.name, role.typed)
    for role in CITY.roles
)
HOURS = shown(Choice(value, label) for value, label in TIMES.items())
OFTEN = shown(Choice(value, label, TYPED[value]) for value, label in FREQUENCIES.items())
READERS = shown(Choice(value, label) for value, label in GROUPS.items())
LANGUAGE = shown(Choice(code, own_name(code), names(code)) for code in CITY.languages)
AGREE = yes_no(_("Yes, I agree"), _("No"))
ORIGIN = yes_no(_("Yes, I agree explicitly"), _("No, please do not ask"))
ADULT = shown(yes_or_no())
DELETE = yes_no(_("Yes, delete everything"), _("No, keep it"))
CONTINUE = yes_no(_("Yes, continue"), _("No, start again"))
MENU = menu(conversation for conversation in ALL.values() if conversation.listed and not conversation.roles)
STOPPED = menu([ALL["resume"], ALL["delete"], ALL["menu"]])
NEWS = menu([ALL["topics"], ALL["stop"], ALL["menu"]])
OFFER = menu([ALL["offer"], ALL["pause-offer"], ALL["withdraw-offer"], ALL["menu"]])
CHECK = shown(
    [
        Choice("right", _("Correct, save"), RIGHT),
        Choice("topics", _("Change: {what}", what=_("Topics"))),
        Choice("place", _("Change: {what}", what=_("Place of living"))),
        Choice("news", _("Change: {what}", what=_("News"))),
    ]
)
SEND = shown(
    [
        Choice("send", _("✉ Send now")),
        Choice("test", _("Send a test to me")),
        Choice("uk", _("Change the text: {language}", language="Українська")),
        Choice("de", _("Change the text: {language}", language="Deutsch")),
        Choice("group", _("Change who it is for")),
    ]
)
QUESTIONS = shown(Choice(question.id, question.question) for question in CITY.questions)

Table = list[tuple[Labels, list[tuple[str, str]]]]

ONE: Table = [
    (
        PLACES,
        [
            # a number, however it is written
            ("2", "near"),
            ("2.", "near"),
            ("2)", "near"),
            ("(2)", "near"),
            (" 2\n", "near"),
            ("2!!!", "near"),
            ("02", "near"),
            ("/2", "near"),
            ("#2", "near"),
            ("№2", "near"),
            ("Nr.2", "near"),
            ("2️⃣", "near"),
            ("２", "near"),
            ("②", "near"),
            ("❷", "near"),  # NFKC leaves it as it is
            ("⒉", "near"),
            ("²", "near"),
            ("2-й", "near"),
            ("2га", "near"),
            ("3-тя", "region"),
            ("1-ша", "city"),
            ("3te", "region"),
            ("1ste", "city"),
            ("zwei", "near"),
            ("ZWO", "near"),
            ("друга", "near"),
            ("другу", "near"),
            ("вторую", "near"),
            ("den zweiten", "near"),
            ("третю", "region"),
            ("tri", "region"),
            ("2️⃣👍", "near"),
            ("2 👍🏼", "near"),
            ("👉 3", "region"),
            ("- 3", "region"),
            # with politeness around it
            ("2 bitte", "near"),
            ("bitte 2", "near"),
            ("Bitte die 2!", "near"),
            ("die 2", "near"),
            ("ich möchte 3", "region"),
            ("Ich nehme die Nummer 3, danke", "region"),
            ("Ich hätte gern 3", "region"),
            ("Also dann Nummer zwei", "near"),
            ("Guten Tag, 2 bitte. Vielen Dank!", "near"),
            ("Antwort: 2", "near"),
            ("Option 4", "elsewhere"),
            ("2 будь ласка", "near"),
            ("будь ласка, 2", "near"),
            ("номер 2 дякую", "near"),
            ("Добрий день, мені 3, дякую", "region"),
            ("вибираю другу", "near"),
            ("під номером 4", "elsewhere"),
            ("хочу 1", "city"),
            ("2 пожалуйста", "near"),
            ("вариант 3", "region"),
            # not one of the numbers shown
            ("0", "!zero"),
            ("Null", "!zero"),
            ("5", ""),
            ("99", ""),
            ("22", ""),
            ("-", ""),
            ("1.5", ""),
            ("1 2", ""),
            ("1-2", ""),
            ("1 oder 2", ""),
            ("1 чи 2", ""),
            ("nicht 2", ""),
            ("не 2", ""),
            ("2 не хочу", ""),
            ("2023", ""),
            ("2 Kinder", ""),
            ("½", ""),
            ("²³", ""),
            # the line as it was shown
            ("2 – In der Nähe von Dortmund", "near"),
            ("3 - На Житомирщині", "region"),
            ("1. in dortmund", "city"),
            ("3 житомирщина", "region"),
            ("1 – In der Nähe von Dortmund", ""),  # the number and the name say different things
            ("7 – In Dortmund", ""),
            # names
            ("in dortmund", "city"),
            ("У ДОРТМУНДІ", "city"),
            ("у дортмундi", "city"),  # a Latin i
            ("y дopтмyндi", "city"),  # every letter that Latin has too
            ("в Дортмунде", "city"),  # Russian
            ("In Dortmund bitte", "city"),
            ("in der nahe von dortmund", "near"),
            ("in der naehe von dortmund", "near"),
            ("Nähe Dortmund", "near?"),
            ("поблизу", "near?"),
            ("поблизу дортмунду", "near?"),
            ("на житомирщине", "region"),
            ("житомирщина", "region"),
            ("Region Schitomir", "region?"),
            ("Region Schytomir", "region?"),
            ("Woanderst", "elsewhere?"),
            ("wonaders", "elsewhere?"),
            ("в другом месте", "elsewhere"),
            ("в іншому місті", "elsewhere"),
            # more than one, or none
            ("Dortmund", ""),
            ("дортмунд", ""),
            ("in", ""),
            ("nicht in Dortmund", ""),
            ("не в Дортмунді", ""),
            ("не Житомирщині", ""),  # one letter from «на Житомирщині»
            ("In Dortmund oder woanders", ""),
            ("Berlin", ""),
            ("bitte", ""),
            ("danke", ""),
            ("будь ласка", ""),
            ("ich", ""),
            ("🙂", ""),
            ("???", "!help"),
            ("ja", ""),
            ("так", ""),
        ],
    ),
    (
        RAIONS,
        [
            ("Житомир", "zt-city"),
            ("місто житомір", "zt-city?"),
            ("Місто Житомир!", "zt-city"),
            ("Stadt Schitomyr", "zt-city?"),
            ("Schytomyr", "zt-city"),
            ("Житомирский район", "zt"),  # Russian
            ("житомирский", "zt?"),
            ("Rajon Schytomir", "zt?"),
            ("Бердичів", "bd"),
            ("Бердуч", ""),
            ("Бердичевский район", "bd"),  # Russian
            ("бердичевский", "bd?"),
            ("Berditschiw", "bd?"),
            ("Коростень", "ko"),
            ("коростеньский", "ko?"),
            ("Korosten", "ko"),
            ("korostn", "ko?"),
            ("Звягель", "zv"),
            ("Zviahel", "zv"),
            ("Swiahel", "zv?"),
            ("інша", "other"),
            ("інша обл", "other?"),
            ("другая область", "other"),
            ("andere", "other?"),
            ("район", ""),
            ("rajon", ""),
            ("Житомирська область", ""),
            ("Київ", ""),
            ("Бердичев", "bd"),
            ("Berdychiv", "bd"),
            ("Новоград-Волынский", "zv"),
            ("новоград волинський", "zv"),
            ("Nowohrad-Wolynskyj", "zv"),
            ("Zhytomyr", "zt-city"),
            ("г. Житомир", "zt-city?"),
            ("Коростышев", "zt"),
            ("Овруч", "ko"),
        ],
    ),
    (
        AGES,
        [
            ("6-9", "6-9?"),
            ("6–9 років", "6-9"),
            ("6 - 9 років", "6-9?"),
            ("6 bis 9", "6-9?"),
            ("6 bis 8", ""),
            ("6 bis 8 Jahre", ""),  # one letter from "6 bis 9 Jahre", and another answer
            ("6-8 років", ""),
            ("14 bis 18 Jahre", ""),
            ("10-13", "10-13?"),
            ("10 bis 13 jahr", "10-13?"),
            ("10", ""),
            ("14", ""),
            ("Jahre", ""),
            ("2 – 10 bis 13 Jahre", "10-13"),
            ("1 – 10 bis 13 Jahre", ""),
        ],
    ),
    (
        DISTRICTS,
        [
            ("13", "mengede"),
            ("dreizehn", "mengede"),
            ("🔟", "hombruch"),
            ("⑩", "hombruch"),
            ("⓫", "luetgendortmund"),
            ("14", ""),
            ("Hörde", "hoerde"),
            ("Hoerde", "hoerde"),
            ("HORDE", "hoerde"),
            ("Hördee", "hoerde?"),
            ("Hörd", "hoerde?"),
            ("Hombrcuh", "hombruch?"),  # two letters in the wrong order
            ("Hombruk", ""),
            ("Hombruck", "hombruch?"),
            ("Jombruch", "hombruch?"),  # the key beside it
            ("Aplebeck", "aplerbeck?"),
            ("Applerbek", "aplerbeck?"),
            ("Scharnhost", "scharnhorst?"),
            ("Scharnohrst", "scharnhorst?"),
            ("Schanrhosrt", "scharnhorst?"),  # two of them
            ("Schornharst", "scharnhorst?"),
            ("Schornhast", ""),  # three
            ("Lütgendortmunt", "luetgendortmund?"),
            ("Lutgendortmnd", "luetgendortmund?"),
            ("Hukarde", "huckarde?"),
            ("mengende", "mengede?"),
            ("Mengede.", "mengede"),
            ("in Mengede", ""),
            ("Die Mengede", "mengede"),
            ("Eving", "eving"),
            ("Evink", "eving?"),
            ("Evi", "eving?"),
            ("Ev", ""),
            ("evin gg", ""),
            ("brakel", "brackel?"),
            ("Innenstadt", ""),
            ("innenstadt west", "innenstadt-west"),
            ("Innenstadt – Nord", "innenstadt-nord?"),
            ("Inenstadt-Nord", "innenstadt-nord?"),
            ("Innenstadt-Süd", ""),
            ("Innenstadt-Oest", ""),  # between east and west
            ("Nord", "innenstadt-nord?"),
            ("центр захід", "innenstadt-west?"),
            ("захід", "innenstadt-west?"),
            ("überall", "anywhere?"),
            ("uberal", "anywhere?"),
            ("будь-де", "anywhere"),
            ("будь де в дортмунді", "anywhere"),
            ("Eving nicht", ""),
            ("außer Eving", ""),
            ("крім Hörde", ""),
        ],
    ),
    (
        OFTEN,
        [
            ("Sofort", "at-once"),
            ("sofort wenns neues gibt", "at-once?"),
            ("soffort", "at-once?"),
            ("одразу", "at-once"),
            ("одрузу", "at-once?"),
            ("сразу", "at-once"),
            ("einmal pro woche", "weekly?"),
            ("freitag", "weekly?"),
            ("Freitags", "weekly"),
            ("am Freitag bitte", "weekly?"),
            ("wöchentlich", "weekly"),
            ("раз на тиждень", "weekly"),
            ("пʼятницю", "weekly?"),
            ("п'ятниця", "weekly?"),
            ("щотижня", "weekly"),
            ("Раз у тиждень, будь ласка", "weekly"),
            ("1 раз на тиждень", "weekly"),
            ("один раз в неделю", "weekly"),
            ("еженедельно", "weekly"),
            ("по пятницам", "weekly"),
            ("jede Woche", "weekly"),
            ("einmal die Woche bitte", "weekly"),
            ("wochentlich", "weekly"),
            ("zweimal pro Woche", ""),
            ("nicht jede Woche", ""),
            ("jeden Tag", ""),
            ("кожен день", ""),
            ("каждый день", ""),
            ("щодня", ""),
            ("täglich", ""),
            ("nie", ""),
            ("nicht sofort", ""),
            ("не одразу", ""),
            ("nein", ""),
        ],
    ),
    (
        LANGUAGE,
        [
            ("1", "uk"),
            ("Deutsch", "de"),
            ("deutch", "de?"),
            ("Deutsh", "de?"),
            ("auf deutsch", ""),
            ("Deutsche Sprache", ""),
            ("Німецька", "de"),
            ("немецкий", "de"),
            ("німецькою", ""),
            ("Українська", "uk"),
            ("украинский", "uk"),
            ("українською", "uk?"),
            ("Украïнська", "uk"),  # a Latin ï
            ("укр", "uk?"),
            ("ukrainisch", "uk"),
            ("Ukrainsch", "uk?"),
            ("Ukrainian", "uk"),
            ("UA", ""),
            ("uk", "uk"),
            ("мова", "!language"),
            ("english", ""),
        ],
    ),
    (
        AGREE,
        [
            ("ja", "yes"),
            ("Jaaa!", "yes"),
            ("Ja ja", "yes"),
            ("ja klar", "yes"),
            ("Ja, gerne. Danke", "yes"),
            ("J", "yes"),
            ("ok", "yes"),
            ("ок", "yes"),
            ("Okey", ""),
            ("окей", "yes"),
            ("+", "yes"),
            ("👍👍", "yes"),
            ("✔️", "yes"),
            ("tak", "yes"),
            ("таак", "yes"),
            ("так, так", "yes"),
            ("так звичайно", "yes"),
            ("Так, дякую", "yes"),
            ("да", "yes"),
            ("da", "yes"),
            ("дааа", "yes"),
            ("ага", "yes"),
            ("згодна", "yes"),
            ("я згоден", "yes"),
            ("Я погоджуюсь", "yes"),
            ("einverstanden", "yes"),
            ("Ich bin einverstanden", "yes"),
            ("einverstnaden", "yes?"),
            ("ja ich bin einverstanden", "yes"),
            ("ja, ich bin einverstanden!", "yes"),
            ("ja ich bin einverstanen", "yes?"),
            ("погоджуюся", "yes"),
            ("погоджуюься", "yes?"),
            ("так я погоджуюся", "yes"),
            ("nein", "no"),
            ("NEIN!!", "no"),
            ("neeein", "no"),
            ("nö", "no"),
            ("nee", "no"),
            ("Nein danke", "no"),
            ("nein nein", "no"),
            ("lieber nicht", "no"),
            ("nicht", "no"),
            ("ich möchte nicht", "no"),
            ("n", "no"),
            ("-", "no"),
            ("👎", "no"),
            ("ні", "no"),
            ("нi", "no"),  # a Latin i
            ("ni", "no"),
            ("нє", "no"),
            ("не", "no"),
            ("нет", "no"),
            ("не хочу", "no"),
            ("не треба", "no"),
            ("нет, не надо", "no"),
            ("не згодна", "no"),
            ("незгодна", "no"),
            ("nicht einverstanden", "no"),
            ("ich bin nicht einverstanden", "no"),
            ("Не погоджуюся", "no"),
            # what denies never becomes a yes
            ("nciht einverstanden", ""),
            ("nicht einverstnaden", ""),
            ("непогоджуюся", ""),  # two letters from «погоджуюся»
            ("не погоджуюься", ""),
            ("ja ich bin nicht einverstanden", ""),
            ("ja nicht", ""),
            ("не добре", ""),
            ("nein, ok", ""),
            ("jein", ""),
            ("ja nein", ""),
            ("ja oder nein?", ""),
            ("так чи ні", ""),
            ("vielleicht", ""),
            ("nien", ""),
            ("nn", ""),
            ("ja 2", ""),
            ("1 nein", ""),
            ("1 ja", "yes"),
            ("2 – Nein", "no"),
            ("weiß nicht", ""),
            ("не знаю", ""),
            ("ok?", "yes"),
        ],
    ),
    (
        ORIGIN,
        [
            ("ja", "yes"),
            ("ich stimme zu", "yes"),
            ("ausdrücklich", "yes?"),
            ("згоду", "yes?"),
            ("nein", "no"),
            ("nicht fragen", "no?"),
            ("bitte nicht fragen", "no?"),
            ("fragen", ""),  # it says the opposite of "nicht fragen"
            ("bitte fragen", ""),
            ("запитуйте", ""),
            ("не запитуйте", "no?"),
            ("не запитуйте про це", "no?"),
            ("ich stimme nicht zu", ""),
            ("stimme ausdrücklich nicht zu", ""),
        ],
    ),
    (
        ADULT,
        [
            ("Ja, 45", ""),
            ("18", ""),
            ("2", "no"),
            ("дa", "yes"),  # a Latin a
            ("ні, мені 16", ""),
            ("yes", "yes"),
            ("ja bin ich", ""),
        ],
    ),
    (
        DELETE,
        [
            ("Ja, alles löschen", "yes"),
            ("ja alles loschen", "yes"),
            ("alles", "yes?"),
            ("alles löschen", "!delete"),
            ("Alles löschen bitte", "yes?"),
            ("ja alles lösche", "yes?"),
            ("ja alles löshcen", "yes?"),
            ("так, видалити усе", "yes?"),
            ("да, удалить всё", ""),
            ("behalten", "no?"),
            ("behaltn", "no?"),
            ("Nein behalten", "no"),
            ("nein, behaltne", "no?"),
            ("залишити", "no?"),
            ("залишить", "no?"),
            ("ні, залишити!", "no"),
            # a no is never a deletion
            ("nein, alles löschen", ""),
            ("nicht löschen", ""),
            ("nicht alles löschen", ""),
            ("nein nicht alles löschen", ""),
            ("не видаляти", ""),
            ("не видалити все", ""),
            ("ні, видалити все", ""),
            ("ja, behalten", ""),
            ("так, залишити", ""),
            ("да, залишити", ""),  # two letters from «ні, залишити»
            ("alles behalten", ""),
            ("ні", "no"),
            ("2", "no"),
            ("1", "yes"),
            ("так", "yes"),
            ("stop", "!stop"),
        ],
    ),
    (
        CONTINUE,
        [
            ("weiter", "!skip"),
            ("weitermachen", "yes?"),
            ("weitermahcen", "yes?"),
            ("продовжити", "yes?"),
            ("продовжыти", "yes?"),
            ("neu beginnen", "no?"),
            ("neu", ""),
            ("почати знову", "no?"),
            ("знову почати", "no?"),
            ("nicht weitermachen", ""),
        ],
    ),
    (
        MENU,
        [
            ("1", "register"),
            ("helfen", "my-offer"),
            ("Ich möchte helfen", "my-offer"),
            ("ich mochte helfen", "my-offer"),
            ("Ich will helfen", "my-offer"),
            ("möchte helfen bitte", "my-offer"),
            ("хочу", ""),
            ("хочу допомогти", "my-offer"),
            ("хочу помогти", "my-offer?"),
            ("Хочу помочь", ""),
            ("допомога", "!help"),
            ("dopomoha", "!help"),
            ("Hilfe", "!help"),
            ("Hilfe!!!", "!help"),
            ("Hilfe im Notfall", "emergency"),
            ("hilfe im notfal", "emergency?"),
            ("notfall", "!emergency"),
            ("екстрена", "emergency?"),
            ("Fragen und Antworten", "questions"),
            ("Fragen", "questions?"),
            ("Frage", "questions?"),
            ("antworten", "questions?"),
            ("запитання", "questions?"),
            ("запитаня", "questions?"),
            ("mit einem menschen sprechen", "person"),
            ("Mit einem Mensch sprechen", "person?"),
            ("Menschen", "person?"),
            ("mensch", "!person"),
            ("Mitarbeiter", "!person"),
            ("жива людина", "!person"),
            ("людиной", "person?"),
            ("Meine Daten", "!data"),
            ("Daten", "!data"),
            ("datn", ""),
            ("Impresum", "about?"),
            ("Datenschutz", "!privacy"),
            ("sprache", "!language"),
            ("Sprahce", "language?"),
            ("Spreche", "person?"),
            ("menü", "!menu"),
            ("menue", "!menu"),
            ("menyu", "!menu"),
            ("М", "!menu"),
            ("головне меню", "!menu"),
            ("Ich komme aus der Region Schytomyr", "register"),
            ("ich komme aus schytomyr", "register?"),
            ("Я з Житомира", "register?"),
            ("з Житомирщини", "register"),
            ("schytomyr", "register?"),
            ("stornieren", "!cancel"),
            ("ich brauche eine Wohnung", ""),
            ("Hallo", ""),
            ("Guten Tag", ""),
            ("Привіт", ""),
            ("дякую", ""),
            ("keine Hilfe", ""),
            ("Ich möchte nicht helfen", ""),
            ("nein", ""),
            ("alle", ""),
        ],
    ),
    (
        STOPPED,
        [
            ("Alles löschen", "!delete"),
            ("alles", "delete?"),
            ("alle", ""),
            ("всі", ""),
            ("все", ""),
            ("nichts löschen", ""),
            ("neuigkeiten", "resume?"),
            ("wieder neuigkeiten", "resume?"),
            ("neuichkeiten", "resume?"),
            ("keine Neuigkeiten", ""),
            ("keine neuigkeiten bekommen", ""),
            ("не отримувати новини", ""),
            ("знову отримувать новини", "resume?"),
            ("старт", "!resume"),
            ("menu", "!menu"),
        ],
    ),
    (
        NEWS,
        [
            ("nein", ""),
            ("ні", ""),
            ("keine", "stop?"),
            ("keine neuigkeiten", "stop?"),
            ("keine neuigkeite mehr", "stop?"),
            ("neuigkeiten", ""),
            ("більше не надсилати", "stop?"),
            ("надсилати", ""),
            ("themen ändern", "topics?"),
        ],
    ),
    (
        OFFER,
        [
            ("ändern", "offer?"),
            ("aendern", "offer?"),
            ("Mein Angebot ändern", "offer"),
            ("Kein Angebot ändern", ""),  # a letter away, and the opposite
            ("Nein Angebot ändern", ""),
            ("Angebot", ""),
            ("zurückziehen", "withdraw-offer?"),
            ("zurükziehen", "withdraw-offer?"),
            ("zurück", "!back"),
            ("pause", "pause-offer?"),
            ("Pause mahcen", "pause-offer?"),
            ("призупинити", "pause-offer"),
            ("не призупинити", ""),
            ("відкликати", "withdraw-offer?"),
        ],
    ),
    (
        CHECK,
        [
            ("ja", "right"),
            ("stimmt", "right"),
            ("stimt", "right?"),
            ("Stimmt nicht", ""),
            ("speichern", "right"),
            ("nicht speichern", ""),
            ("усе правильно", "right"),
            ("все правильно!", "right"),
            ("всі", ""),
            ("не правильно", ""),
            ("неправильно", ""),
            ("ändern", ""),
            ("Ändern Themen", "topics?"),
            ("themen ändern", "topics?"),
            ("wohnort", "place?"),
            ("Wonort", "place?"),
            ("neuigkeiten", "news?"),
        ],
    ),
    (
        SEND,
        [
            ("senden", ""),
            ("jetzt senden", "send"),
            ("jezt senden", "send?"),
            ("jetzt nicht senden", ""),
            ("nicht jetzt senden", ""),
            ("Probe", "test?"),
            ("надіслати зараз", "send"),
            ("надіслати", ""),
            ("зараз", "send?"),
            ("не зараз", ""),
            ("Text ändern deutsch", "de?"),
            ("text ändern", ""),
            ("ukrainisch", ""),
            ("deutsch", "de?"),
        ],
    ),
    (
        READERS,
        [
            ("alle", "everyone"),
            ("Alle!", "everyone"),
            ("усі", "everyone"),
            ("всі", "everyone"),
            ("alle Menschen", ""),
            ("ehrenamtlich", "volunteers?"),
            ("Ehrenamtlihce", "volunteers?"),
            ("волонтери", "volunteers?"),
            ("nicht alle", ""),
        ],
    ),
    (
        QUESTIONS,
        [
            ("Sachspenden", "donations?"),
            ("Wo kann ich Sachspenden abgeben", "donations"),
            ("sachspnden", "donations?"),
            ("Jobcenter", "authorities?"),
            ("jobcneter", "authorities?"),
            ("frage 3", "deliveries"),
            ("питання 3", "deliveries"),
            ("ferien", "holidays?"),
            ("партнерство", ""),
            ("wer", ""),
        ],
    ),
]

ELSEWHERE: Table = [
    (
        {"anonymous": ["Ohne Namen", "Без імені"], "later": ["Später", "Пізніше"]},
        [
            ("Namen", ""),
            ("імені", ""),
            ("ohne", "anonymous?"),
            ("ohne Namn", "anonymous?"),
            ("без имени", "anonymous?"),
        ],
    ),
    (
        {"help": ["Helfen"], "more": ["Ich möchte helfen"]},
        [
            ("helfen", "help"),
            ("ich möchte helfen", "more"),
            ("bitte helfen", "help"),
        ],
    ),
    (
        {"consent": ["Моя згода"], "data": ["Мої дані"]},
        [
            ("згода", "consent?"),
            ("згодна", ""),  # a yes, and one letter from «згода»
        ],
    ),
]
"""Lists that this city does not have, but another one may."""

SEVERAL: Table = [
    (
        TOPICS,
        [
            ("1 3", "aid administration"),
            ("3 1", "aid administration"),
            ("1,3", "aid administration"),
            ("1, 3.", "aid administration"),
            ("1. 3.", "aid administration"),
            ("1) 3)", "aid administration"),
            ("1/3", "aid administration"),
            ("1+3", "aid administration"),
            ("1|3", "aid administration"),
            ("1und3", "aid administration"),
            ("1 u. 3", "aid administration"),
            ("1, 2 sowie 3", "aid rebuilding administration"),
            ("1 und 3 bitte", "aid administration"),
            ("die 1 und die 3", "aid administration"),
            ("Ich nehme 1, 3 und 7, danke", "aid administration culture"),
            ("Nr. 1 und Nr. 3", "aid administration"),
            ("1 та 3", "aid administration"),
            ("1і3", "aid administration"),
            ("1 і ще 3", "aid administration"),
            ("1 также 3", "aid administration"),
            ("1, 3 будь ласка", "aid administration"),
            ("хочу 1 і 3", "aid administration"),
            ("першу і третю", "aid administration"),
            ("eins, drei und sieben", "aid administration culture"),
            ("1️⃣3️⃣", "aid administration"),
            ("1️⃣ і 3️⃣", "aid administration"),
            ("①③", ""),  # 13, or 1 and 3?
            ("❶❸", "aid administration"),
            ("1 1 1", "aid"),
            ("1\n3\n7", "aid administration culture"),
            ("1 – Hilfstransporte und Spenden\n7 – Kultur, Musik, Sport", "aid culture"),
            ("13", ""),
            ("1 13", ""),
            ("0 und 3", ""),
            # a range may mean two or three
            ("1-3", ""),
            ("1 - 3", ""),
            ("1–3", ""),
            ("1 bis 3", ""),
            ("1...3", ""),
            ("від 1 до 3", ""),
            # what is denied or open
            ("1 oder 3", ""),
            ("1 або 3", ""),
            ("1, nicht 3", ""),
            ("1 але не 3", ""),
            ("alles außer 3", ""),
            ("усі крім 3", ""),
            ("nicht 1", ""),
            ("alle", "aid rebuilding administration economy health children culture school events"),
            ("alle bitte", "aid rebuilding administration economy health children culture school events"),
            ("всі теми", "aid rebuilding administration economy health children culture school events"),
            ("nicht alle", ""),
            # names
            ("Kultur und Schule", "culture school?"),
            ("kultur, schule", "culture school?"),
            ("Kulutr und Schuel", "culture school?"),
            ("Kinder, Jugend", "children?"),
            ("Kinder und Jugend", "children"),
            ("kinder u jugend", "children?"),
            ("Kinder und Jungend", "children?"),
            ("Kinder und Jugend, Kultur", "children culture?"),
            ("Kultur, Musik, Sport", "culture"),
            ("musik sport", "culture?"),
            ("діти та молодь", "children"),
            ("діти", "children?"),
            ("дети и молодежь", "children"),
            ("культура и спорт", "culture?"),
            ("культура, здоровье", "health culture?"),
            ("медецина", "health?"),
            ("экономика", "economy"),
            ("енергетика і економіка", "rebuilding economy?"),
            ("Kultur 1", "aid culture?"),
            ("2, Kultur", "rebuilding culture?"),
            ("Kultur 7", "culture"),
            ("школа університет", "school?"),
            ("Hochschule bitte", "school?"),
            ("wirtschft", "economy?"),
            ("Gesundheit bitte und Kultur danke", "health culture?"),
            ("keine Kultur", ""),
            ("Kultur nicht", ""),
            ("ohne Kultur", ""),
            ("не культура", ""),
            ("Kultur oder Schule", ""),
            ("ich interessiere mich für alles", ""),
            ("fertig", ""),
            ("weiter", "!skip"),
            ("", ""),
            (",", ""),
        ],
    ),
    (
        SPOKEN,
        [
            ("deutsch und ukrainisch", "de uk"),
            ("Deutsch, Englisch", "de en"),
            ("deutch englich", "de en?"),
            ("німецька українська російська", "de uk ru"),
            ("укр, рос", "uk ru?"),
            ("українську і польську", "uk pl?"),
            ("русский", "ru"),
            ("kein Deutsch", ""),
        ],
    ),
    (
        HOURS,
        [
            ("woch", "weekends?"),
            ("abends", "evenings?"),
            ("Am Abend", "evenings"),
            ("am abend und am wochenende", "evenings weekends"),
            ("vormittags", "mornings?"),
            ("Vormitag", "mornings?"),
            ("Nachmittag", "afternoons?"),
            ("nachmitag", "afternoons?"),
            ("werktags", ""),
            ("mittag", ""),
            ("до обіду", "mornings?"),
            ("після обіду", "afternoons?"),
            ("обіду", ""),
            ("у вихідні", "weekends"),
            ("увечері, вихідні", "evenings weekends?"),
            ("nie", ""),
        ],
    ),
    (
        TASKS,
        [
            ("Dolmetschen", "interpreting"),
            ("dolmetchen", "interpreting?"),
            ("Fahrdienst", "rides"),
            ("fahrdienst (N)", "rides"),
            ("fahrdinst (N)", "rides?"),
            ("zu und", ""),
            ("Kinder betreuen, Hausaufgaben", "childcare"),
            ("Deutsch üben", "tandem"),
            ("Patenschaft", "mentoring?"),
            ("наставництво", "mentoring?"),
            ("переклад", "interpreting?"),
            ("Sachspenden, Fahrdienst", "rides goods?"),
            ("1 und 6", "interpreting rides"),
        ],
    ),
]

NUMBERS = {
    "2": [2],
    "0": [0],
    "нуль": [0],
    "3 1": [3, 1],
    "1, 3, 1": [1, 3],
    "1 und 3": [1, 3],
    "«1 і 3»": [1, 3],
    "1. 2.": [1, 2],
    "1.2": [1, 2],
    "перший": [1],
    "перший, 12": [1, 12],
    "zwei drei": [2, 3],
    "номер 4": [4],
    "Antwort 1": [1],
    "2 bitte": [2],
    "2, будь ласка, і 5": [2, 5],
    "1️⃣": [1],
    "1️⃣2️⃣": [1, 2],
    "🔟": [10],
    "①": [1],
    "⓬": [12],
    "٣": [3],
    "99": [99],
    "1-3": None,
    "1 bis 3": None,
    "1...3": None,
    "6-9": None,
    "2 Kultur": None,
    "2 oder 3": None,
    "nicht 2": None,
    "ja": None,
    "bitte": None,
    "und": None,
    "2023": None,
    "0231 5022": None,
    "10:30": None,
    "½": None,
    "": None,
    "…": None,
    "🙂": None,
}

SECOND_PAGE = range(7, 13)
"""Six choices of the thirteen districts are shown, with the numbers 1 to 6."""
PAGES = {
    "1": "aplerbeck",
    "6": "mengede",
    "die 2": "hoerde",
    "№3": "hombruch",
    "7": "",
    "13": "",
    "0": "",
    "2 – Hörde": "hoerde",
    "2 – Innenstadt-West": "",  # the second of all, but not of these
    "9 – Hörde": "",
    "Eving": "eving",  # it stands on the first page
    "eveng": "eving?",
    "Hördee": "hoerde?",
}


def understood(labels: Labels, typed: str, numbered: range | None = None) -> str:
    if act := word_list().act(typed):
        return f"!{act}"
    match = choose(typed, [*labels.values()], numbered)
    return "" if match is None else [*labels][match.index] + "?" * (not match.sure)


def understood_several(labels: Labels, typed: str) -> str:
    if act := word_list().act(typed):
        return f"!{act}"
    matches = choose_several(typed, [*labels.values()])
    return "" if matches is None else " ".join([*labels][index] for index in matches.indexes) + "?" * (not matches.sure)


def rows(table: Table) -> list[tuple[Labels, str, str]]:
    return [(labels, typed, meant) for labels, answers in table for typed, meant in answers]


@pytest.mark.parametrize(("labels", "typed", "meant"), rows(ONE + ELSEWHERE))
def test_one_choice_is_understood_as_it_was_meant(labels: Labels, typed: str, meant: str) -> None:
    assert understood(labels, typed) == meant


@pytest.mark.parametrize(("labels", "typed", "meant"), rows(SEVERAL))
def test_several_choices_are_understood_as_they_were_meant(labels: Labels, typed: str, meant: str) -> None:
    assert understood_several(labels, typed) == meant


@pytest.mark.parametrize(("typed", "meant"), PAGES.items())
def test_numbers_count_what_is_shown_and_names_all_there_is(typed: str, meant: str) -> None:
    match = choose(typed, [*DISTRICTS.values()], SECOND_PAGE)

    assert ("" if match is None else [*DISTRICTS][match.index] + "?" * (not match.sure)) == meant


def test_several_numbers_count_what_is_shown() -> None:
    matches = choose_several("1, 2 und Eving", [*DISTRICTS.values()], SECOND_PAGE)

    assert matches == Matches((4, 7, 8), sure=True)
    assert choose_several("1, 7", [*DISTRICTS.values()], SECOND_PAGE) is None


@pytest.mark.parametrize(("typed", "meant"), NUMBERS.items())
def test_a_message_of_numbers_alone_is_known(typed: str, meant: list[int] | None) -> None:
    assert numbers(typed) == meant


@pytest.mark.parametrize("labels", [labels for labels, _rows in ONE + SEVERAL])
def test_whoever_types_a_choice_as_it_is_shown_gets_it(labels: Labels) -> None:
    for number, (value, choice) in enumerate(labels.items(), 1):
        for label in choice:
            typed = (str(number), label, label.upper(), f"{label}.", f"{number} – {label}", f"{label} bitte")

            assert [text for text in typed if not word_list().act(text) and understood(labels, text) != value] == []


def misspelt(text: str) -> Iterable[str]:
    """Yield a text as it is, and with each typo that one letter of it can have."""
    yield text
    for place in range(len(text)):
        before, letter, after = text[:place], text[place], text[place + 1 :]
        yield from (before + after, before + letter * 2 + after, before + after[:1] + letter + after[1:])
        yield from (before + other + after for other in "nа")


@pytest.mark.parametrize("labels", [AGREE, ORIGIN, ADULT, DELETE, CONTINUE])
@pytest.mark.parametrize("no", ["nein, {}", "nicht {}", "kein {}", "{} nicht", "ні, {}", "не {}"])
def test_what_is_denied_is_no_yes_however_it_is_misspelt(labels: Labels, no: str) -> None:
    yes = [form for label in labels["yes"] for form in (label.lower(), label.lower().rpartition(", ")[2])]
    typed = {no.format(text) for each in yes for text in misspelt(each)}

    assert [text for text in typed if understood(labels, text).startswith("yes")] == []


@pytest.mark.parametrize("labels", [AGREE, ORIGIN, ADULT, DELETE, CONTINUE])
def test_no_misspelt_no_is_a_yes_for_sure_and_no_misspelt_yes_a_no(labels: Labels) -> None:
    said = {meaning: [key for key, each in word_list().answers.items() if each == meaning] for meaning in ("yes", "no")}
    typed = {meaning: {t for key in keys for t in misspelt(key)} for meaning, keys in said.items()}
    typed = {"yes": typed["yes"] - {*said["no"]}, "no": typed["no"] - {*said["yes"]}}

    assert [text for text in typed["no"] if understood(labels, text) == "yes"] == []
    assert [text for text in typed["yes"] if understood(labels, text) == "no"] == []


def test_the_table_is_long_and_has_no_row_twice() -> None:
    all_rows = [(id(labels), typed) for labels, typed, _meant in rows(ONE) + rows(SEVERAL)]

    assert len(all_rows) >= 300
    assert len({*all_rows}) == len(all_rows)


def test_nothing_that_was_typed_is_kept() -> None:
    caches = [each for each in vars(words).values() if hasattr(each, "cache_info")]
    for cache in caches:
        cache.cache_clear()
    understood(TOPICS, "Kultur")
    before = [cache.cache_info().currsize for cache in caches]
    for typed in ("Kulutr", "2, meine Nummer", "Ich wohne in Mengede", "ні, дякую"):
        understood_several(TOPICS, typed)

    assert caches
    assert [cache.cache_info().currsize for cache in caches] == before
