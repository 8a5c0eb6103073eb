"""What a crash may cost on Signal: nothing that was stored, and a second copy only of what was on its way.

`python -m benchmarks signal-kills` does the same 100 times, and to signal-cli alone, too; here it is short.
"""

import random

from benchmarks.signal_kills import Ending, broken, end_often

PLAN = [Ending.BOT, Ending.BOTH, Ending.STOP_BOT, Ending.BOT, Ending.STOP_BOTH]


async def test_whoever_writes_on_signal_while_all_is_killed_again_and_again_is_answered_if_it_was_stored() -> None:
    found = await end_often(PLAN, 120, random.Random(1))
    assert broken(found) == []
    assert len(found.endings) == len(PLAN)
    assert found.once
