"""How fast one messenger account may send: a virtual clock (GCRA) that answers push and copies of broadcasts wait for.

An answer to a person goes at once and moves the next copy back by one slot; copies keep a tenth of the rate even if
answers alone fill it. After the messenger said "slow down" (429), nothing leaves for that long, and for a while
afterwards answers wait for their slots too: let go all at once, they would be refused again for ever.
"""

import random
import time
from dataclasses import dataclass

from bot.accounts import Standing

CAUTIOUS = 30
"""Seconds after a refusal for which answers keep to the slots as well."""
SHARE_OF_COPIES = 0.1
LONGEST_BLOCK, LONGEST_HOLD = 2 * 3600, 7 * 24 * 3600
"""Seconds: nothing that a messenger may ask for is longer."""
SLOW = 1.0
"""Seconds between two copies from which on they never leave together, and a restart remembers when the next may."""
MADE_GOOD = 0.4
"""Seconds by which the disk or the machine may be late; the copies that waited for it leave together then."""
ON_THEIR_WAY = 0.5
"""Seconds whose copies may be on their way together. A network that stood still brings all of them at once, and the
answers, too: that must not be more than a second's, which is the burst that Telegram is taken to allow."""


@dataclass(frozen=True)
class Limits:
    """Telegram's, as its FAQ gives them: 30 messages a second in all, one a second in a chat, short bursts allowed.

    `None` means no limit.
    """

    per_second: float | None = 30
    per_chat_second: float | None = 1
    chat_burst: int = 20
    jitter: float = 0
    """The share by which the time between two copies varies, at random."""
    turns_per_minute: int | None = None
    """How many messages of one person are answered in a minute."""
    seconds_to_read: float = 0
    """What comes sooner after a menu was never meant for it."""


class Pace:
    """The clock of one account. Times are seconds of one monotonic clock."""

    def __init__(self, limits: Limits) -> None:
        self.slot = 1 / limits.per_second if limits.per_second else 0.0
        """Seconds from one copy to the next."""
        self.copies_wait = False
        """Whether copies wait for nothing but their slot: only then one that passes unused is lost."""
        self._chat_slot = 1 / limits.per_chat_second if limits.per_chat_second else 0.0
        self._chat_burst = limits.chat_burst
        self._jitter = limits.jitter
        self._free_at = 0.0
        self._blocked_until = 0.0
        self._held_until = 0.0
        self._cautious_until = 0.0
        self._last_copy = 0.0
        self._chats: dict[str, float] = {}

    def answers(self, now: float, most: int) -> int:
        """Return how many answers may leave now."""
        if now < self._blocked_until:
            return 0
        return self._slots(now, most) if now < self._cautious_until else most

    def copies(self, now: float, most: int) -> int:
        """Return how many copies of broadcasts may leave now, answers having been counted by `sent`."""
        if now < max(self._blocked_until, self._held_until):
            return 0
        share = int(now - self._last_copy >= self.slot / SHARE_OF_COPIES)
        return min(most, max(self._slots(now, most), share))

    def copies_on_their_way(self, most: int) -> int:
        """Return how many copies may be on their way at the same time."""
        return max(1, int(ON_THEIR_WAY / self.slot)) if 0 < self.slot < SLOW else most

    def _slots(self, now: float, most: int) -> int:
        if not self.slot:
            return most
        return min(most, 1 + int(self._late(now) / self.slot)) if now >= self._free_at else 0

    def _late(self, now: float) -> float:
        """Return the seconds for which a copy waits although it might have left."""
        late = now - max(self._free_at, self._held_until)
        return min(late, MADE_GOOD) if self.copies_wait and self.slot < SLOW else 0.0

    def sent(self, address: str, is_copy: bool, now: float) -> None:
        """Count a message that leaves now."""
        slot = self.slot * random.uniform(1 - self._jitter, 1 + self._jitter)  # noqa: S311 - no secret
        self._free_at = min(max(self._free_at, now - self._late(now)) + slot, now + max(slot, 1))
        if is_copy:
            self._last_copy = now
        if self._chat_slot:
            self._chats[address] = max(self._chats.get(address, 0.0), now) + self._chat_slot

    def waiting_chats(self, now: float) -> list[str]:
        """Return the addresses that had too many messages in a short time; forget those that are quiet again."""
        self._chats = {address: until for address, until in self._chats.items() if until > now}
        return [a for a, until in self._chats.items() if until > now + self._chat_slot * self._chat_burst]

    def blocked(self, seconds: float, now: float, cautious: bool) -> None:
        """Stop the whole account for so long; the bucket is empty afterwards.

        `cautious`: answers are paced then, too.
        """
        until = max(self._blocked_until, now + seconds)
        self._blocked_until = until
        self._free_at = max(self._free_at, until)
        if cautious:
            self._cautious_until = until + CAUTIOUS

    def hold_copies(self, seconds: float, now: float) -> None:
        """Let no copies leave for so long; answers go on."""
        self._held_until = max(self._held_until, now + seconds)

    def release(self) -> None:
        """Let everything leave again."""
        self._blocked_until = self._held_until = self._cautious_until = 0.0

    def resume(self, standing: Standing, ahead: float) -> None:
        """Go on as if there had been no restart; `ahead`: by how much this clock is ahead of UTC.

        What lies too far ahead was written while the clock was wrong.
        """
        now = time.time()
        self._free_at = min(standing.free_at, now + 2 * self.slot) + ahead
        self._last_copy = self._free_at - self.slot
        self._blocked_until = min(standing.blocked_until, now + LONGEST_BLOCK) + ahead
        self._held_until = min(standing.held_until, now + LONGEST_HOLD) + ahead

    def seconds_held(self, now: float) -> float:
        """Return for how long no copies may leave; 0 if they may."""
        return max(self._blocked_until - now, self._held_until - now, 0)

    def seconds_blocked(self, now: float) -> float:
        """Return for how long nothing may leave; 0 if something may."""
        return max(self._blocked_until - now, 0)

    def next_slot(self, now: float) -> float:
        """Return in how many seconds it is worth to look again, if something waits."""
        return max(self._blocked_until - now, self._held_until - now, self._free_at - now, 0.002)
