"""Engine and model agree on generated histories, on every database. SEED=number runs one, HISTORIES=count runs more."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from model.simulator import drawn, fails, shrunk
from soaked import note, noted

KNOWN: dict[int, str] = {}
"""Seeds whose history is wrong today, each with the reason; one that comes right must leave this list."""
COUNTS = {"sqlite": 25, "postgres": 5, "mariadb": 5}
FIRST_SEED = 1_000_000
NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "mariadb": "MariaDB"}


def told(seed: int, folder: Path, url: str, kind: str) -> str:
    """What a person needs to mend what is wrong with a seed."""
    small, why = shrunk(drawn(seed), folder, url, kind)
    return f"SEED={seed} on {kind}: {why}\nsmallest history: {small}"


def agree(seed: int, folder: Path, url: str, kind: str) -> None:
    wrong = fails(drawn(seed), folder, url, kind)
    if seed in KNOWN:
        assert wrong, f"seed {seed} is right now: take it out of KNOWN ({KNOWN[seed]})"
    elif wrong:
        pytest.fail(told(seed, folder, url, kind), pytrace=False)


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_engine_and_model_agree(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    url = fresh_url(kind)
    chosen = os.environ.get("SEED")
    for seed in [int(chosen)] if chosen else range(int(os.environ.get("HISTORIES") or COUNTS[kind])):
        agree(seed, tmp_path / "p", url, kind)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_histories_for_long(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    """For SOAK_MINUTES on each database, from the seed on where the last run ended; counted in bench/soak.md."""
    url, until = fresh_url(kind), time.monotonic() + 60 * float(os.environ.get("SOAK_MINUTES", "1"))
    before = re.search(r"(\d+) histories agree, seeds \d+ to (\d+)", noted("histories", kind))
    count, seed = (int(before[1]), int(before[2]) + 1) if before else (0, FIRST_SEED)
    try:
        while time.monotonic() < until:
            agree(seed, tmp_path / "p", url, kind)
            seed, count = seed + 1, count + 1
    finally:
        note("histories", kind, f"{NAMES[kind]}: {count} histories agree, seeds {FIRST_SEED} to {seed - 1}")
