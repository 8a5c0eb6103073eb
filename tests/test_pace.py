"""How fast an account may send: answers first, copies always a little, nothing at all after "slow down"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.accounts import Standing
from bot.pace import CAUTIOUS, Limits, Pace
from bot.sender import LONGEST_PAUSE, pause

MOST = 64


def copies_in(pace: Pace, begin: float, seconds: float, answers_per_second: float = 0) -> tuple[list[float], int]:
    """Let time pass in steps of a millisecond, a copy always waiting; return when copies left and how many answers."""
    left, answered, next_answer = [], 0, begin
    for step in range(round(seconds * 1000)):
        now = begin + step / 1000
        if answers_per_second and now >= next_answer and pace.answers(now, MOST):
            pace.sent(f"answer {step}", False, now)
            answered += 1
            next_answer += 1 / answers_per_second
        if pace.copies(now, MOST):
            pace.sent(f"copy {step}", True, now)
            left.append(now)
    return left, answered


def test_copies_leave_at_the_rate_and_not_faster() -> None:
    left, _ = copies_in(Pace(Limits(per_second=30)), 1000, 10)
    assert 295 <= len(left) <= 301
    assert all(len([t for t in left if begin <= t < begin + 1]) <= 31 for begin in left)


def test_an_answer_goes_at_once_and_moves_the_next_copy_back() -> None:
    pace = Pace(Limits(per_second=10))
    pace.sent("copy", True, 1000.0)
    pace.copies_wait = True
    assert pace.answers(1000.11, MOST) == MOST
    assert pace.copies(1000.19, MOST) == 1
    pace.sent("answer", False, 1000.12)
    assert pace.copies(1000.19, MOST) == 0
    assert pace.copies(1000.21, MOST) == 1


def test_answers_and_copies_together_keep_to_the_rate() -> None:
    left, answered = copies_in(Pace(Limits(per_second=30)), 1000, 10, answers_per_second=20)
    assert answered == 200
    assert 290 <= len(left) + answered <= 303


def test_copies_keep_a_tenth_while_answers_alone_fill_the_rate() -> None:
    left, answered = copies_in(Pace(Limits(per_second=30)), 1000, 10, answers_per_second=60)
    assert answered == 600
    assert 27 <= len(left) <= 33


def test_a_flood_of_answers_holds_copies_back_for_a_second_at_most() -> None:
    pace = Pace(Limits(per_second=30))
    for _ in range(1000):
        pace.sent("answer", False, 1000.0)
    assert pace.copies(1001.0, MOST) == 1


@pytest.mark.parametrize(("wait", "left"), [(True, [4, 6, 13, 0]), (False, [1, 1, 1, 0])])
def test_what_copies_lost_while_they_waited_is_made_good_but_no_quiet_time(wait: bool, left: list[int]) -> None:
    pace = Pace(Limits(per_second=30))
    pace.blocked(0, 1000.0, cautious=False)
    pace.copies_wait = wait
    for late, copies in zip((1000.101, 1000.301, 1009.0, 1009.001), left, strict=True):
        assert pace.copies(late, MOST) == copies
        for _ in range(copies):
            pace.sent("copy", True, late)


def test_a_hold_is_nothing_to_make_good() -> None:
    pace = Pace(Limits(per_second=30))
    pace.sent("copy", True, 1000.0)
    pace.copies_wait = True
    pace.hold_copies(60, 1000.0)
    assert pace.copies(1060.01, MOST) == 1


def test_where_copies_leave_one_by_one_nothing_is_made_good() -> None:
    pace = Pace(Limits(per_second=0.5))
    pace.copies_wait = True
    pace.sent("copy", True, 1000.0)
    assert pace.copies(1009.0, MOST) == 1
    pace.sent("copy", True, 1009.0)
    assert pace.copies(1010.9, MOST) == 0


def test_a_restart_is_no_reason_for_a_copy_before_its_time() -> None:
    pace = Pace(Limits(per_second=0.5))
    pace.resume(Standing(free_at=1_700_000_002.0), ahead=1000.0 - 1_700_000_000.0)
    assert pace.copies(1000.1, MOST) == 0
    assert pace.copies(1001.9, MOST) == 0
    assert pace.copies(1002.1, MOST) == 1


def test_after_slow_down_nothing_leaves_for_that_long() -> None:
    pace = Pace(Limits(per_second=30))
    pace.blocked(5, 1000.0, cautious=True)
    for now in (1000.0, 1002.5, 1004.99):
        assert (pace.answers(now, MOST), pace.copies(now, MOST)) == (0, 0)
        assert pace.seconds_blocked(now) == pytest.approx(1005 - now)
        assert pace.next_slot(now) == pytest.approx(1005 - now)
    assert pace.answers(1005.0, MOST) == 1
    assert pace.seconds_blocked(1005.0) == 0


def test_a_shorter_wait_does_not_end_a_longer_one() -> None:
    pace = Pace(Limits())
    pace.blocked(30, 1000.0, cautious=True)
    pace.blocked(1, 1001.0, cautious=True)
    assert pace.answers(1029.9, MOST) == 0


def test_after_slow_down_answers_keep_to_the_slots_for_a_while() -> None:
    pace = Pace(Limits(per_second=10))
    pace.blocked(1, 1000.0, cautious=True)
    assert pace.answers(1001.0, MOST) == 1
    pace.sent("answer", False, 1001.0)
    assert pace.answers(1001.05, MOST) == 0
    assert pace.answers(1001.1, MOST) == 1
    assert pace.answers(1001 + CAUTIOUS, MOST) == MOST


def test_after_a_network_that_was_gone_answers_go_at_once() -> None:
    pace = Pace(Limits(per_second=10))
    pace.blocked(1, 1000.0, cautious=False)
    assert pace.answers(1000.5, MOST) == 0
    assert pace.answers(1001.0, MOST) == MOST


def test_one_chat_gets_a_short_burst_and_then_waits() -> None:
    pace = Pace(Limits(per_second=None, per_chat_second=1, chat_burst=20))
    for _ in range(20):
        assert pace.waiting_chats(1000.0) == []
        pace.sent("Oksana", False, 1000.0)
    pace.sent("Oksana", False, 1000.0)
    pace.sent("Petro", False, 1000.0)
    assert pace.waiting_chats(1000.0) == ["Oksana"]
    assert pace.waiting_chats(1001.0) == []


def test_chats_that_are_quiet_again_are_forgotten() -> None:
    pace = Pace(Limits())
    for number in range(1000):
        pace.sent(str(number), True, 1000.0)
    pace.waiting_chats(1000.5)
    assert len(pace._chats) == 1000  # noqa: SLF001 - what is kept is the claim
    pace.waiting_chats(1001.0)
    assert pace._chats == {}  # noqa: SLF001


def test_without_limits_everything_leaves_at_once() -> None:
    pace = Pace(Limits(None, None))
    for number in range(1000):
        assert pace.copies(1000.0, MOST) == MOST
        assert pace.answers(1000.0, MOST) == MOST
        pace.sent("Oksana", number % 2 == 0, 1000.0)
    assert pace.waiting_chats(1000.0) == []


@given(st.lists(st.tuples(st.floats(0, 0.5), st.booleans(), st.booleans()), max_size=60), st.floats(0.5, 5))
def test_whatever_happens_a_wait_is_kept_and_ends(acts: list[tuple[float, bool, bool]], seconds: float) -> None:
    pace, now, until = Pace(Limits()), 1000.0, 0.0
    for passes, blocks, is_copy in acts:
        now += passes
        if blocks:
            pace.blocked(seconds, now, cautious=True)
            until = max(until, now + seconds)
        may = pace.copies(now, MOST) if is_copy else pace.answers(now, MOST)
        assert not (may and now < until)
        if may:
            pace.sent("somebody", is_copy, now)
    later = max(now, until) + CAUTIOUS + 1
    assert pace.answers(later, MOST) == MOST
    assert pace.copies(later, MOST) == 1


def test_the_pause_grows_with_every_failure_and_has_an_end() -> None:
    pauses = [pause(failures) for failures in range(1, 100_000)]
    assert pauses[0] == 0.125
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
