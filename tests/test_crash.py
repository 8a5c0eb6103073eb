"""What a crash may cost: nothing that somebody wrote, and a second copy only of what was on its way.

`python -m benchmarks crash` does the same 300 times; here it is short.
"""

from benchmarks.crash import Moment, broken, kill_often, stop_in_the_middle

KILLS = len(Moment)


async def test_whoever_writes_to_a_bot_that_is_killed_again_and_again_is_answered_and_registered() -> None:
    crashes = await kill_often(KILLS, seconds=120)
    assert broken(crashes) == []
    assert len(crashes.kills) == KILLS
    assert crashes.registered.told


async def test_a_bot_that_is_stopped_with_a_thousand_messages_queued_ends_at_once_and_loses_none() -> None:
    stops = await stop_in_the_middle([500])
    assert broken(stops) == []
    assert stops.compared.messages >= 1000
