"""What just happened, in a strip under each telephone: calls in plain words, and rows that were written."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.demo.telegram_chats import Call

FAILURES = {
    "NETWORK_FAILURE": "Signal cannot be reached",
    "UNREGISTERED_FAILURE": "nobody has this account",
    "IDENTITY_FAILURE": "a new telephone, not trusted yet",
}
RECEIPTS = {2: "receipt: delivered", 3: "receipt: read"}
"""What a telephone with Signal tells the bot, by the ticks of the bot's message."""
TAKEN = "envelope taken by signal-cli ✓"


@dataclass(frozen=True)
class Change:
    """How many rows of a table are new, gone and different."""

    added: int = 0
    removed: int = 0
    changed: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def __add__(self, other: "Change") -> "Change":
        return Change(self.added + other.added, self.removed + other.removed, self.changed + other.changed)

    def __str__(self) -> str:
        words = (
            (self.added, f"+{self.added}"),
            (self.removed, f"−{self.removed}"),
            (self.changed, f"{self.changed} changed"),
        )
        return ", ".join(text for count, text in words if count)


@dataclass
class Strip:
    """What happened since somebody last did something on their telephone."""

    calls: Counter[str] = field(default_factory=Counter)
    faults: set[str] = field(default_factory=set)
    rows: dict[str, Change] = field(default_factory=dict)

    def happened(self, text: str, failed: bool) -> None:
        self.calls[text] += 1
        if failed:
            self.faults.add(text)

    def wrote(self, changes: Mapping[str, Change]) -> None:
        for table, change in changes.items():
            self.rows[table] = self.rows.get(table, Change()) + change

    def lines(self) -> list[dict[str, str]]:
        lines = [
            {"kind": "fault" if text in self.faults else "call", "text": text if count == 1 else f"{text} × {count}"}
            for text, count in self.calls.items()
        ]
        return lines + [{"kind": "rows", "text": f"{table} {change}"} for table, change in self.rows.items()]


def in_plain_words(call: Call) -> tuple[str, bool]:
    """Return what became of a call to Telegram, and whether it failed."""
    if call.status == 200:
        return f"{call.method} ✓", False
    if call.status == 429:
        wait = re.search(r"retry after (\d+)", call.description)
        return f"{call.method}: 429 wait {wait[1] if wait else '?'} s", True
    reason = call.description.partition(": ")[2] or call.description
    return f"{call.method}: {call.status or 'network gone'} {reason}".strip(), True


def signal_in_plain_words(method: str, params: Any, answer: Any) -> tuple[str, bool]:
    """Return what became of a request to signal-cli, and whether it failed; never for whom it was."""
    what = f"{method} (edit)" if isinstance(params, dict) and "editTimestamp" in params else method
    if answer is None:
        return f"{what}: no answer, signal-cli is gone", True
    if "error" not in answer:
        return f"{what} ✓", False
    results = ((answer["error"].get("data") or {}).get("response") or {}).get("results") or [{}]
    if results[0].get("type") != "RATE_LIMIT_FAILURE":
        return f"{what}: {FAILURES.get(results[0].get('type'), 'refused')}", True
    if "token" in results[0]:
        return f"{what}: Signal wants a captcha", True
    return f"{what}: wait {results[0].get('retryAfterSeconds', '?')} s", True
