"""Moves the people of a pretend Telegram that is a process of its own, over HTTP and in JSON.

    POST /control/people      {"count": 200, "name": "Anna", "language_code": "de"}      -> {"people": [ids]}
    GET  /control/people/ID                         -> {"messages": [...], "toasts": [...], "waiting": [...], "blocked"}
    POST /control/writes      [{"person": ID, "text": "/start"}, ...]                    -> {"done": n}
    POST /control/presses     [{"person": ID, "button": label or data}, ...]             -> {"done": n}
    POST /control/blocks      {"people": [ids]}        and /control/unblocks, /control/deactivates
    POST /control/updates     [any update, ...]                                          -> {"update_ids": [...]}
    GET  /control/counters    calls by method, updates waiting and confirmed, polls, violations, faults, crashes
    POST /control/limits      {"rate": 30, "burst": 30, "chat_rate": 1, "chat_burst": 3, "strict": true, "block": 5};
                              {} switches them off
    POST /control/faults      {"method": "sendMessage", "fault": "502" or "reset_before" or ..., "times": 1}, and what
                              the fault takes: "retry_after", "seconds" ("hang_before"); {} removes all
    POST /control/shares      {"method": "sendMessage", "shares": {"server_error": 0.01}, "seed": 1}
    POST /control/latency     {"low": 0.05, "high": 0.12} seconds, half of it before and half after accepting
    POST /control/network     {"seconds": 5}: gone for so long, with /control/ too
    POST /control/slow_down   {"seconds": 5}
    POST /control/load        {"people": 200, "script": ["/start", "Anna", {"press": "Yes", "expect": "Thank"}],
                               "updates": 10000, "seconds": 60, "warm_up": 1000, "patience": 30}
                              answers when the run has ended (`telegram_load.py`)
    POST /control/reset       forgets everybody, all updates, limits, faults and counters

What cannot be done answers 400 with {"error": reason}.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.demo.telegram_faults import Fault
from bot.demo.telegram_load import load_of
from bot.demo.telegram_people import CannotDo

if TYPE_CHECKING:
    from bot.demo.pretend_telegram import PretendTelegram
    from bot.demo.telegram_people import Person

Order = Callable[[Any], Awaitable[Any]]
BEFORE_GONE = 0.02


class Control:
    """Answers requests under /control/."""

    def __init__(self, telegram: PretendTelegram) -> None:
        self.telegram = telegram
        self.orders: dict[str, Order] = {
            "people": self.people,
            "writes": self.writes,
            "presses": self.presses,
            "blocks": self.blocks,
            "unblocks": self.unblocks,
            "deactivates": self.deactivates,
            "updates": self.updates,
            "limits": self.limits,
            "faults": self.faults,
            "shares": self.shares,
            "latency": self.latency,
            "network": self.network,
            "slow_down": self.slow_down,
            "load": self.load,
            "reset": self.reset,
        }

    async def handle(self, request: web.BaseRequest, path: str) -> web.Response:
        """Answer one order or question."""
        try:
            if request.method == "GET":
                return web.json_response(self.question(path))
            order = self.orders.get(path)
            if order is None:
                return web.json_response({"error": f"no order {path}"}, status=404)
            body = await request.json() if request.can_read_body else {}
            return web.json_response(await order(body))
        except (CannotDo, KeyError, TypeError, ValueError) as reason:
            return web.json_response({"error": f"{type(reason).__name__}: {reason}"}, status=400)

    def question(self, path: str) -> Any:
        if path == "counters":
            return self.counters()
        kind, _, number = path.partition("/")
        if kind != "people":
            raise ValueError(f"no question {path}")
        person = self.whom(int(number))
        return {
            "messages": [message.as_json() for message in person.messages],
            "toasts": person.toasts,
            "waiting": person.waiting,
            "blocked": person.blocked,
        }

    def counters(self) -> dict[str, Any]:
        telegram = self.telegram
        return {
            "calls": telegram.counts,
            "people": len(telegram.people),
            "polls": telegram.updates.polls,
            "updates_waiting": len(telegram.updates.queue),
            "updates_confirmed": telegram.updates.confirmed,
            "violations": len(telegram.violations),
            "faults": telegram.faults.struck,
            "crashes": [repr(crash) for crash in telegram.crashes],
        }

    def whom(self, number: int) -> Person:
        return self.telegram.people[number]

    async def people(self, body: dict[str, Any]) -> Any:
        name, language = body.get("name", "Person"), body.get("language_code")
        new = [self.telegram.person(name, language_code=language) for _ in range(body.get("count", 1))]
        return {"people": [person.id for person in new]}

    async def writes(self, body: list[dict[str, Any]]) -> Any:
        for order in body:
            self.whom(order["person"]).write(order["text"])
        return {"done": len(body)}

    async def presses(self, body: list[dict[str, Any]]) -> Any:
        for order in body:
            self.whom(order["person"]).press(order.get("message"), order["button"])
        return {"done": len(body)}

    async def blocks(self, body: dict[str, Any]) -> Any:
        return await self.each(body, lambda person: person.blocks_bot())

    async def unblocks(self, body: dict[str, Any]) -> Any:
        return await self.each(body, lambda person: person.unblocks_bot())

    async def each(self, body: dict[str, Any], do: Callable[[Person], Awaitable[None]]) -> Any:
        for number in body["people"]:
            await do(self.whom(number))
        return {"done": len(body["people"])}

    async def deactivates(self, body: dict[str, Any]) -> Any:
        for number in body["people"]:
            self.whom(number).deactivates()
        return {"done": len(body["people"])}

    async def updates(self, body: list[dict[str, Any]]) -> Any:
        return {"update_ids": [self.telegram.push_raw(update) for update in body]}

    async def limits(self, body: dict[str, Any]) -> Any:
        if body:
            self.telegram.limits.on(**body)
        else:
            self.telegram.limits.off()
        return {"done": 1}

    async def faults(self, body: dict[str, Any]) -> Any:
        if not body:
            self.telegram.faults.clear()
            return {"done": 1}
        values = {key: value for key, value in body.items() if key not in {"method", "fault", "times"}}
        times = body.get("times", 1)
        self.telegram.fail(body["method"], Fault.named(str(body["fault"]), **values), times)
        return {"done": times}

    async def shares(self, body: dict[str, Any]) -> Any:
        shares = {Fault.named(name): chance for name, chance in body["shares"].items()}
        self.telegram.fail_now_and_then(body["method"], shares, body.get("seed"))
        return {"done": len(shares)}

    async def latency(self, body: dict[str, Any]) -> Any:
        self.telegram.latency = (float(body.get("low", 0)), float(body.get("high", 0)))
        return {"done": 1}

    async def network(self, body: dict[str, Any]) -> Any:
        """Take the network away once this order is answered, and bring it back."""
        loop, telegram = asyncio.get_running_loop(), self.telegram
        loop.call_later(BEFORE_GONE, setattr, telegram, "network_gone", True)
        loop.call_later(BEFORE_GONE + float(body["seconds"]), setattr, telegram, "network_gone", False)
        return {"done": 1}

    async def slow_down(self, body: dict[str, Any]) -> Any:
        self.telegram.slow_down(float(body["seconds"]))
        return {"done": 1}

    async def load(self, body: dict[str, Any]) -> Any:
        return await load_of(self.telegram, body).run()

    async def reset(self, _body: Any) -> Any:
        self.telegram.reset()
        return {"done": 1}
