"""Which methods the pretend signal-cli has, and what has to be true before one of them is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.demo import signal_account, signal_sending
from bot.demo.signal_faults import Kind
from bot.demo.signal_rules import INVALID_PARAMS, INVALID_REQUEST, IO, NO_METHOD, Params, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.demo.signal_chats import Json
    from bot.demo.signal_faults import Fault
    from bot.demo.signal_world import SignalWorld

SENDING = signal_sending.METHODS
OTHERS = signal_account.METHODS
MULTI: dict[str, Callable[[SignalWorld, Params], Any]] = {
    "listAccounts": signal_account.list_accounts,
    "startLink": signal_account.start_link,
    "finishLink": signal_account.finish_link,
}
REGISTERING: dict[str, Callable[[SignalWorld, Params], Any]] = {
    "register": signal_account.register,
    "verify": signal_account.verify,
}
FINISHED_BY_THE_DAEMON = {"subscribeReceive", "unsubscribeReceive", "receive"}
SINCE = {"sendPollCreate": (0, 13, 22), "sendPollVote": (0, 13, 22), "sendPollTerminate": (0, 13, 22)}


def do(world: SignalWorld, method: str, given: Json | None, fault: Fault | None) -> Any:
    """Do what a method does and return its result. Raises: Refused."""
    if method == "version":
        return {"version": world.version}
    if method in SINCE and not world.at_least(*SINCE[method]):
        raise no_method()
    if method in MULTI or method in REGISTERING:
        return do_without_account(world, method, given)
    if method in FINISHED_BY_THE_DAEMON:
        return check_subscription(world, method, given)
    if method not in SENDING and method not in OTHERS:
        raise no_method()
    check_account(world, given)
    params = Params(given)
    if method in SENDING:
        return SENDING[method](world, params, fault if fault is not None and fault.kind is Kind.RESULT else None)
    if fault is not None and fault.kind is Kind.RESULT:
        raise Refused(IO, "Failed: Connection closed! (IOException)")
    return OTHERS[method](world, params)


def do_without_account(world: SignalWorld, method: str, given: Json | None) -> Any:
    if world.single_account:
        raise no_method()
    if method in MULTI:
        return MULTI[method](world, Params(given))
    if not (given or {}).get("account"):
        raise Refused(INVALID_PARAMS, "Method requires valid account parameter")
    return REGISTERING[method](world, Params(given))


def check_subscription(world: SignalWorld, method: str, given: Json | None) -> Json:
    """Check what the daemon itself does; without account, several accounts are subscribed to, even none."""
    if method == "receive" and world.single_account and "account" in (given or {}):
        raise unrecognized("account")
    if method == "receive" or "account" in (given or {}):
        check_account(world, given)
    return {}


def check_account(world: SignalWorld, given: Json | None) -> None:
    """Check the parameter "account": with one account (-a) it is ignored, with several it has to be right."""
    if world.single_account:
        return
    account = (given or {}).get("account")
    known = {world.account, world.aci} if world.at_least(0, 14, 6) else {world.account}
    if account is None and world.registered:
        return
    if account is None:
        raise Refused(INVALID_PARAMS, "Method requires valid account parameter")
    if str(account) not in known or not world.registered:
        raise Refused(INVALID_PARAMS, "Specified account does not exist")


def no_method() -> Refused:
    return Refused(NO_METHOD, "Method not implemented")


def unrecognized(field: str) -> Refused:
    """Return what methods with typed parameters say to others."""
    return Refused(INVALID_REQUEST, f'Unrecognized field "{field}" (class ReceiveParams), not marked as ignorable')
