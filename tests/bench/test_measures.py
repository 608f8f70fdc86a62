"""Wilson's interval and Cohen's kappa, against figures worked out by hand."""

from __future__ import annotations

import pytest

from bench.evaluate.measures import Kappa, Share


def test_eight_of_ten_has_the_interval_worked_out_by_hand() -> None:
    # centre (0.8 + 0.19207) / 1.38415 = 0.71674
    # half 1.96 · √(0.016 + 0.009604) / 1.38415 = 0.22658
    interval = Share(8, 10).interval
    assert interval == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_an_interval_never_leaves_zero_to_one() -> None:
    assert Share(48, 48).interval == pytest.approx((0.9259, 1.0), abs=1e-4)  # n / (n + z²)
    assert Share(0, 48).interval == pytest.approx((0.0, 0.0741), abs=1e-4)


def test_nothing_counted_has_no_share() -> None:
    empty = Share.of([])
    assert (empty.share, empty.interval) == (None, None)


def test_kappa_takes_away_what_chance_gives() -> None:
    # Cohen's table 20 5 / 10 15: agreed 0.70, chance 0.5 · 0.6 + 0.5 · 0.4 = 0.50, kappa 0.40.
    table = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
    kappa = Kappa.of([pair for pair, count in table.items() for _ in range(count)])
    assert kappa.agreed == Share(35, 50)
    assert kappa.chance == pytest.approx(0.5)
    assert kappa.value == pytest.approx(0.4)
    low, high = Share(35, 50).interval or (0, 0)
    assert kappa.interval == pytest.approx((2 * low - 1, 2 * high - 1))


def test_kappa_is_nothing_where_there_is_one_label_only() -> None:
    kappa = Kappa.of([("yes", "yes")] * 3)
    assert (kappa.value, kappa.interval) == (None, None)


def test_kappa_of_opposites_is_below_zero() -> None:
    assert Kappa.of([("yes", "no"), ("no", "yes")]).value == -1
