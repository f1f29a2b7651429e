"""What signals mean, by who got them and when."""

from __future__ import annotations

from signal import SIGINT, SIGTERM

from configguard.watchdog.wishes import Wishes


def test_a_signal_to_the_group_is_known_by_the_keepers_own_copy() -> None:
    wishes = Wishes()
    wishes.reached_keeper(SIGINT, 10.0)
    wishes.reached_front(SIGINT, 10.0)
    assert wishes.due(10.0) == [(SIGINT, True)]
    assert not wishes.open


def test_the_copy_may_come_a_moment_later() -> None:
    wishes = Wishes()
    wishes.reached_front(SIGINT, 10.0)
    assert wishes.due(10.01) == [] and wishes.open
    wishes.reached_keeper(SIGINT, 10.02)
    assert wishes.due(10.02) == [(SIGINT, True)]


def test_one_to_the_front_alone_is_to_be_passed_on() -> None:
    wishes = Wishes()
    wishes.reached_front(SIGINT, 10.0)
    assert wishes.due(10.04) == []
    assert wishes.due(10.06) == [(SIGINT, False)]


def test_a_frozen_front_speaks_late_of_the_same_signal() -> None:
    wishes = Wishes()
    wishes.reached_keeper(SIGTERM, 10.0)
    assert wishes.due(11.0) == []
    wishes.reached_front(SIGTERM, 11.5)
    assert wishes.due(11.5) == [(SIGTERM, True)]
    assert wishes.due(20.0) == []


def test_term_to_the_keeper_alone_is_meant_and_int_is_not() -> None:
    wishes = Wishes()
    wishes.reached_keeper(SIGTERM, 10.0)
    wishes.reached_keeper(SIGINT, 10.0)
    assert wishes.due(12.1) == [(SIGTERM, False)]
    assert wishes.due(20.0) == []


def test_the_same_at_once_is_one_wish_and_fingers_make_two() -> None:
    wishes = Wishes()
    for at in (10.0, 10.1):  # timeout(1): its child, then its group
        wishes.reached_front(SIGTERM, at)
    wishes.reached_keeper(SIGTERM, 10.1)
    assert len(wishes.due(10.2)) == 1
    for at in (20.0, 20.3):
        wishes.reached_keeper(SIGINT, at)
        wishes.reached_front(SIGINT, at)
        assert wishes.due(at) == [(SIGINT, True)]
