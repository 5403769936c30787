"""Caveats are told once.

SPDX-License-Identifier: Apache-2.0
"""

from types import SimpleNamespace

from analysis.caveats import grouped


def trial(*caveats: str) -> SimpleNamespace:
    return SimpleNamespace(caveats=list(caveats))


def test_caveats_that_differ_in_numbers_alone_become_one_with_a_range():
    trials = [trial("the hypervisor took 3.2 % away"), trial("it was short", "took 7"),
              trial("the hypervisor took 10 % away"), trial("the hypervisor took 4.5 % away")]
    assert [(text, [trials.index(one) for one in about]) for text, about in grouped(trials)] == [
        ("the hypervisor took 3.2 to 10 % away", [0, 2, 3]), ("it was short", [1]),
        ("took 7", [1])]


def test_several_numbers_have_a_range_each_and_equal_ones_stay():
    assert [text for text, _ in grouped([trial("3 of 8 in 1 s"), trial("2 of 8 in 1 s")])] == [
        "2 to 3 of 8 in 1 s"]


def test_no_caveats_are_none():
    assert not grouped([trial(), trial()])
