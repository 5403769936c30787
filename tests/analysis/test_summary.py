"""Statistics: intervals hold what they promise, and promise no more than they can."""
# SPDX-License-Identifier: Apache-2.0

import math

import numpy
import pytest

from analysis import summary
from analysis.summary import bootstrap_median, estimate, geometric_ratio


def test_the_median_carries_its_n_and_values():
    found = estimate([3.0, 1.0, 2.0])
    assert (found.median, found.n, found.values) == (2.0, 3, (1.0, 2.0, 3.0))


def test_values_that_were_not_measured_do_not_count():
    assert estimate([1.0, math.nan, 3.0]).n == 2
    assert estimate([math.nan]) is summary.NOTHING


@pytest.mark.parametrize("n", [1, 2])
def test_fewer_than_three_repetitions_have_no_interval(n: int):
    assert not estimate([5.0] * n).has_interval
    assert not geometric_ratio([5.0] * n, [4.0] * 5).has_interval


def test_the_interval_is_the_same_every_time_and_lies_within_the_values():
    values = [10.0, 12.0, 11.0, 15.0, 9.0]
    assert bootstrap_median(values) == bootstrap_median(list(reversed(values)))
    low, high = bootstrap_median(values)
    assert 9 <= low <= 11 <= high <= 15


def coverage(n: int, trials: int) -> float:
    """How often the interval holds the true median of a skewed distribution."""
    random = numpy.random.Generator(numpy.random.PCG64(n))
    hits = 0
    for _ in range(trials):
        low, high = bootstrap_median(random.lognormal(0, 0.3, n))
        hits += low <= 1.0 <= high
    return hits / trials


def test_with_many_repetitions_the_interval_holds_the_true_median_as_often_as_it_says():
    assert 0.90 <= coverage(15, 250) <= 0.99


def test_with_three_repetitions_it_holds_it_as_often_as_the_stated_limit():
    assert coverage(3, 300) == pytest.approx(summary.coverage_limit(3), abs=0.06)


def test_the_interval_of_a_ratio_keeps_its_promise_for_three_repetitions():
    random = numpy.random.Generator(numpy.random.PCG64(11))
    hits = 0
    for _ in range(1000):
        ratio = geometric_ratio(200 * random.lognormal(0, 0.05, 3),
                                100 * random.lognormal(0, 0.05, 3))
        hits += ratio.low <= 2 <= ratio.high
    assert 0.93 <= hits / 1000 <= 0.985


def test_equal_configurations_are_seldom_called_different():
    random = numpy.random.Generator(numpy.random.PCG64(12))
    called = sum(geometric_ratio(random.lognormal(0, 0.1, 5),
                                 random.lognormal(0, 0.1, 5)).shows_difference
                 for _ in range(1000))
    assert called <= 70


def test_a_ratio_without_spread_is_exact_and_one_of_zero_is_nothing():
    exact = geometric_ratio([4.0] * 3, [2.0] * 3)
    assert (exact.ratio, exact.low, exact.high) == pytest.approx((2, 2, 2))
    assert math.isnan(geometric_ratio([0.0, 1.0, 1.0], [1.0] * 3).ratio)


def test_trials_that_were_not_steady_are_not_mixed_with_steady_ones():
    mixed = estimate([10.0, 20.0, 90.0], steady=[True, True, False])
    assert (mixed.median, mixed.n, mixed.steady) == (15.0, 2, True)
    none = estimate([10.0, 20.0, 90.0], steady=[False] * 3)
    assert (none.median, none.n, none.steady) == (20.0, 3, False)


@pytest.mark.parametrize("values", [[3.0], [5.0, 1.0], [4.0, math.nan, 9.0, 2.0],
                                    [8.0, 1.0, 5.0, 2.0]])
def test_the_middle_trials_average_to_the_median(values: list[float]):
    at = summary.middle(values)
    assert sum(values[i] for i in at) / len(at) == estimate(values).median
