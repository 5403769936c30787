"""Makes the repository importable from tests, and results directories that several tests share."""
# SPDX-License-Identifier: Apache-2.0

import sys
from pathlib import Path

import pytest

pytest.register_assert_rewrite("figure_checks")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).parent))

import peers as stores  # noqa: E402  (found by the line above)
import synthetic  # noqa: E402


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three variants, three workloads, three repetitions. Tests only read it."""
    return synthetic.make(tmp_path_factory.mktemp("results") / "plain",
                          figures=synthetic.CRITERIA)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One variant, one workload, one repetition. Tests only read it."""
    return synthetic.make(tmp_path_factory.mktemp("results") / "small", variants=1, repetitions=1,
                          workloads=("ycsb_a",), seconds=2, figures=synthetic.CRITERIA)


@pytest.fixture(scope="session")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six variants of five stores; one is not able to run a workload, one has another durability
    class, one its own defaults. Tests only read it."""
    return stores.make(tmp_path_factory.mktemp("results") / "peers")
