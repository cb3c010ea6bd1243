"""An apply that is killed at each of its statements, before and after it, and before each commit.

The next apply finishes what was begun; nothing is lost, done twice, or said that is not so. `make soak` kills at every
single one, `make test` at a few of each kind.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from killing import Warm, World, warm, world

KINDS = ("sqlite", "postgres", "mariadb")
HOW = ("before", "after", "commit")
_MOST = 2000


def killed_at(found: World, process: Warm, how: str, number: int) -> bool:
    """Whether an apply came to a statement and died there. What it left behind is right in any case."""
    found.add(20)
    before = found.remaining()
    status = process.apply(at=(how, number))
    found.check(before)
    assert status in (0, -signal.SIGKILL), "the apply stopped by itself"
    return status == -signal.SIGKILL


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_some_statements(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    found = world(tmp_path, fresh_url(kind), kind, seed=1, size=20)
    with warm(found.found.folder, found.found.url) as process:
        for how, numbers in (("before", (12, 60)), ("after", (30, 90)), ("commit", (5,))):
            assert all(killed_at(found, process, how, number) for number in numbers)
    found.finish()


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_each_statement(kind: str, how: str, fresh_url: Any, tmp_path: Path) -> None:
    done = 0
    for first in range(1, _MOST, 40):  # a new company every forty kills, so that its ledger stays short
        found = world(tmp_path / f"w{first}", fresh_url(kind), kind, seed=first, size=20)
        with warm(found.found.folder, found.found.url) as process:
            deaths = [killed_at(found, process, how, number) for number in range(first, first + 40)]
        found.finish()
        done += sum(deaths)
        if not any(deaths):
            break
    print(f"{kind}: killed {done} times, {how} each statement or commit")
    assert done > 20
