"""The methods of the pretend signal-cli about the account: registration, profile, contacts, keys, groups, captchas."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from bot.demo.signal_rules import (
    CAPTCHA_REJECTED,
    IO,
    USER,
    Refused,
    group_id,
    recipient_kind,
    user_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.demo.signal_chats import Json, SignalGroup
    from bot.demo.signal_people import SignalPerson
    from bot.demo.signal_rules import (
        Params,
    )
    from bot.demo.signal_world import SignalWorld

CAPTCHA_WANTED = (
    "Captcha required for verification, use --captcha CAPTCHA\n"
    "To get the token, go to https://signalcaptchas.org/registration/generate.html\n"
    'After solving the captcha, right-click on the "Open Signal" link and copy the link.'
)
REJECTED = "Captcha rejected, it may be outdated, already used or solved from a different IP address."
CODE = "123456"  # what the SMS says
RIGHT = "signalcaptcha://right"  # how a captcha begins that was solved rightly


# registration


def list_accounts(world: SignalWorld, _params: Params) -> list[Json]:
    return [{"number": world.account}] if world.registered else []


def register(world: SignalWorld, params: Params) -> Json:
    captcha = params.text("captcha")
    if world.network_gone:
        words = "Failed to register: java.net.UnknownHostException: chat.signal.org (PushNetworkException)"
        raise Refused(IO, words)
    if captcha is None:
        raise user_error(CAPTCHA_WANTED)
    if not captcha.startswith(RIGHT):
        raise user_error("Invalid captcha given.")
    account = params.needed("account")
    if params.yes("voice") and account not in world.numbers_asked:
        raise user_error("Before requesting voice verification you need to request SMS verification and wait a minute.")
    world.numbers_asked[account] = {"voice": params.yes("voice")}
    return {}


def verify(world: SignalWorld, params: Params) -> Json:
    account, code, pin = params.needed("account"), params.needed("verificationCode"), params.text("pin")
    if account not in world.numbers_asked or code.replace("-", "") != CODE:
        raise Refused(IO, "Verify error: StatusCode: 403 (AuthorizationFailedException)")
    if world.pin is not None and pin is None:
        words = "Verification failed! This number is locked with a pin. Hours remaining until reset: 167"
        raise user_error(f"{words}\nUse '--pin PIN_CODE' to specify the registration lock PIN")
    if world.pin is not None and pin != world.pin:
        raise user_error("Verification failed! Invalid pin, tries remaining: 9")
    world.account, world.registered = account, True
    return {}


def start_link(world: SignalWorld, _params: Params) -> Json:
    if world.network_gone:
        raise Refused(IO, "Link request error: Connection closed!")
    key = base64.b64encode(world.random.randbytes(33)).decode()
    return {"deviceLinkUri": f"sgnl://linkdevice?uuid={world.new_uuid()}&pub_key={key.replace('+', '%2B')}"}


def finish_link(world: SignalWorld, params: Params) -> Json:
    if not params.needed("deviceLinkUri").startswith("sgnl://linkdevice?"):
        raise user_error("Invalid device link uri")
    world.registered = True
    return {"number": world.account}


def set_pin(world: SignalWorld, params: Params) -> Json:
    world.pin = params.needed("pin")
    return {}


def remove_pin(world: SignalWorld, _params: Params) -> Json:
    world.pin = None
    return {}


def submit_challenge(world: SignalWorld, params: Params) -> Json:
    challenge, captcha = params.needed("challenge"), params.needed("captcha")
    if challenge != world.captcha_demanded or not captcha.startswith(RIGHT):
        raise Refused(CAPTCHA_REJECTED if world.at_least(0, 14, 3) else USER, REJECTED)
    world.captcha_demanded = None
    world.told_to_wait_until = 0.0
    return {}


# profile


def update_profile(world: SignalWorld, params: Params) -> Json:
    for name in ("givenName", "familyName", "about", "aboutEmoji", "avatar"):
        value = params.text(name)
        if value is not None:
            world.profile[name] = value
    if params.yes("removeAvatar"):
        world.profile.pop("avatar", None)
    return {}


def update_account(world: SignalWorld, params: Params) -> Json:
    for name in ("discoverableByNumber", "numberSharing", "unrestrictedUnidentifiedSender"):
        if name in params.given:
            world.settings[name] = params.yes(name)
    if params.yes("deleteUsername"):
        world.username = None
    wanted = params.text("username")
    if wanted is None:
        return {}
    if not 3 <= len(wanted.partition(".")[0]) <= 32:
        raise user_error(f"Invalid username: {wanted}")
    world.username = wanted if "." in wanted else f"{wanted}.01"
    link = base64.urlsafe_b64encode(hashlib.sha256(world.username.encode()).digest()).decode().rstrip("=")
    return {"username": world.username, "usernameLink": f"https://signal.me/#eu/{link}"}


def update_configuration(world: SignalWorld, params: Params) -> Json:
    for name in ("readReceipts", "typingIndicators", "linkPreviews", "unidentifiedDeliveryIndicators"):
        if name in params.given:
            world.settings[name] = params.yes(name)
    return {}


# contacts and keys


def somebody(world: SignalWorld, given: str) -> SignalPerson | None:
    return world.by_number.get(given) if recipient_kind(given) == "number" else world.people.get(given)


def known(world: SignalWorld, given: str) -> SignalPerson:
    person = somebody(world, given)
    if person is None or not person.registered:
        raise user_error(f"The user {given} is not registered.")
    return person


def list_contacts(world: SignalWorld, _params: Params) -> list[Json]:
    """Return the people who wrote, or whom the bot wrote to, as far as they were not removed."""
    people = (person for person in world.people.values() if person.has_written or person.asked_first)
    return [
        {
            "number": person.known_number,
            "uuid": person.id,
            "username": None,
            "name": person.name,
            "givenName": None,
            "isBlocked": person.id in world.blocked_by_bot,
            "messageExpirationTime": person.timer,
            "profileSharing": person.has_written,
            "unregistered": not person.registered,
            "profile": {"lastUpdateTimestamp": 0, "givenName": person.name, "familyName": None, "about": None},
        }
        for person in people
        if person.id not in world.forgotten
    ]


def update_contact(world: SignalWorld, params: Params) -> Json:
    person = known(world, params.needed("recipient"))
    timer = params.number("expiration")
    if timer is not None:
        person.timer = timer
    world.forgotten.discard(person.id)
    return {}


def remove_contact(world: SignalWorld, params: Params) -> Json:
    person = somebody(world, params.needed("recipient"))
    if person is not None:
        world.forgotten.add(person.id)
        if params.yes("forget"):
            world.known_identities.pop(person.id, None)
    return {}


def block(world: SignalWorld, params: Params) -> Json:
    world.blocked_by_bot |= {person.id for given in params.texts("recipient") if (person := somebody(world, given))}
    return {}


def unblock(world: SignalWorld, params: Params) -> Json:
    world.blocked_by_bot -= {person.id for given in params.texts("recipient") if (person := somebody(world, given))}
    return {}


def list_identities(world: SignalWorld, params: Params) -> list[Json]:
    given = params.text("number")
    wanted = [somebody(world, given)] if given else [world.people[aci] for aci in world.known_identities]
    return [identity(world, person) for person in wanted if person is not None]


def identity(world: SignalWorld, person: SignalPerson) -> Json:
    digest = hashlib.sha256(f"{person.id} {person.identity}".encode()).digest()
    trusted = world.known_identities.get(person.id, person.identity) == person.identity
    return {
        "number": person.known_number,
        "uuid": person.id,
        "fingerprint": digest.hex(" "),
        "safetyNumber": " ".join(f"{digest[at]:05}" for at in range(12)),
        "trustLevel": "TRUSTED_UNVERIFIED" if trusted else "UNTRUSTED",
        "addedTimestamp": int(world.now() * 1000),
    }


def trust(world: SignalWorld, params: Params) -> Json:
    """Trust the newest key; what was held back comes at the next turn of the receive loop."""
    person = known(world, params.needed("recipient"))
    given = params.text("verifiedSafetyNumber")
    if not params.yes("trustAllKnownKeys"):
        if given is None:
            words = "You need to specify the fingerprint/safety number you have verified with -v SAFETY_NUMBER"
            raise user_error(words)
        if given.replace(" ", "") != identity(world, person)["safetyNumber"].replace(" ", ""):
            words = "Failed to set the trust for this number, make sure the number and the fingerprint/safety number"
            raise user_error(f"{words} are correct.")
    world.known_identities[person.id] = person.identity
    world.mailbox.trust(person.id)
    return {}


def get_user_status(world: SignalWorld, params: Params) -> list[Json]:
    if world.network_gone or not world.lookup_works:
        raise Refused(IO, "Unable to check if users are registered: Connection closed!")
    return [
        *(status(world, given) for given in params.texts("recipient")),
        *(
            {"recipient": given, "number": None, "username": given, "uuid": None, "isRegistered": False}
            for given in params.texts("username")
        ),
    ]


def status(world: SignalWorld, number: str) -> Json:
    person = world.by_number.get(number)
    registered = person is not None and person.registered
    uuid = person.id if person is not None and registered else None
    return {"recipient": number, "number": number, "username": None, "uuid": uuid, "isRegistered": registered}


def list_devices(world: SignalWorld, _params: Params) -> list[Json]:
    """Return the account's devices, which only Signal's server knows."""
    if world.network_gone:
        raise Refused(IO, "Failed to get linked devices: Connection closed!")
    return [{"id": 1, "name": None, "createdTimestamp": 0, "lastSeenTimestamp": int(world.now() * 1000)}]


# files and groups


def get_attachment(world: SignalWorld, params: Params) -> Json:
    number = params.needed("id")
    file = world.files.get(number)
    if file is None:
        raise user_error(f"Could not find attachment with ID: {number}")
    return {"data": base64.b64encode(file.content).decode()}


def list_groups(world: SignalWorld, params: Params) -> list[Json]:
    return [
        {
            "id": group.id,
            "name": group.name,
            "isMember": group.bot_is_member,
            "isBlocked": False,
            "members": [{"number": None, "uuid": member} for member in [*group.members, *bot_in(world, group)]],
            "admins": [{"number": None, "uuid": world.aci}] if group.bot_is_only_admin else [],
        }
        for group in world.groups.values()
        if group.is_kept and (not (wanted := params.texts("groupId")) or group.id in wanted)
    ]


def bot_in(world: SignalWorld, group: SignalGroup) -> list[str]:
    return [world.aci] if group.bot_is_member else []


def quit_group(world: SignalWorld, params: Params) -> Json:
    """Leave, or decline an invitation; whoever is not there has left (QuitGroupCommand).

    With `delete` nothing is known of the group any more.
    """
    given = params.needed("groupId")
    group = world.groups.get(group_id(given))
    if group is None or not group.is_kept:
        raise user_error(f"Failed to send to group: Group not found: {given}")
    if group.bot_is_only_admin and not set(params.texts("admin")) & set(group.members):
        raise user_error(f"You need to specify a new admin with --admin: {given}")
    group.is_kept = not params.yes("delete")
    if not (group.bot_is_member or group.bot_is_invited):
        return {}
    group.bot_is_member = group.bot_is_invited = group.bot_is_only_admin = False
    group.revision += 1
    world.tell("group", change="quit", group_id=group.id)
    return {"timestamp": world.timestamp(), "results": []}


METHODS: dict[str, Callable[[SignalWorld, Params], Any]] = {
    "setPin": set_pin,
    "removePin": remove_pin,
    "submitRateLimitChallenge": submit_challenge,
    "updateProfile": update_profile,
    "updateAccount": update_account,
    "updateConfiguration": update_configuration,
    "listContacts": list_contacts,
    "updateContact": update_contact,
    "removeContact": remove_contact,
    "block": block,
    "unblock": unblock,
    "listDevices": list_devices,
    "listIdentities": list_identities,
    "trust": trust,
    "getUserStatus": get_user_status,
    "getAttachment": get_attachment,
    "listGroups": list_groups,
    "quitGroup": quit_group,
}
