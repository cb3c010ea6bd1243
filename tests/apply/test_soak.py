"""Long runs: fifty kills on each database, and minutes at full pace while a program writes, with memory flat.

`make soak` runs them; SOAK_MINUTES shortens the second for trying out. Both write what
they saw to bench/soak.md, one row a database.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from killing import PHASES, World, warm, world
from test_faults import again_and_again
from test_kill_loop import rounds

from soaked import note, server

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("soak"), pytest.mark.timeout(3600)]

KINDS = ["sqlite", "postgres", "mariadb"]
MINUTES = float(os.environ.get("SOAK_MINUTES", "10"))
KILLS = 50 if MINUTES >= 10 else max(int(5 * MINUTES), 3)
GROWTH = 12.0  # MB that the process may grow after its warm-up


@pytest.mark.parametrize("kind", KINDS)
def test_killed_for_long(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    found = world(tmp_path, fresh_url(kind), kind, seed=50)
    with warm(found.found.folder, found.found.url) as process:
        phases = rounds(found, process, KILLS)
    found.finish()
    seen = ", ".join(f"{phases[p]} {p}" for p in PHASES if phases[p])
    note(
        "kills",
        kind,
        f"{server(found.kind, found.found)}: {phases.total()} kills ({seen}); {ended(found)} rows ended",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_at_full_pace_for_minutes_memory_is_flat(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    found = world(tmp_path, fresh_url(kind), kind, seed=10)
    began, length = time.monotonic(), MINUTES * 60 / len(KINDS)
    sizes: list[float] = []
    warm_ones = 0
    with sweeper(found) as sweep, again_and_again(partial(found.add, 120, apart=True), 0.2):
        while time.monotonic() < began + length:
            size, stopped = sweep("quick" if len(sizes) % 5 else "whole")
            # what the writer made grow, locks, or gave children meanwhile, goes on in the next sweep
            passing = ("were planned", "locked", "foreign key", "kept coming")
            stopped = [s for s in stopped if not any(p in s.lower() for p in passing)]
            assert not stopped, stopped
            sizes.append(size)
            warm_ones += time.monotonic() < began + length * 0.3
    found.look()
    assert found.found.ledger.verify().ok
    found.finish_quietly()
    assert 0 < warm_ones < len(sizes), "too short to warm up"
    before, after = sizes[warm_ones - 1], sizes[-1]
    grown = f"{before:.0f} MB after the warm-up, {after:.0f} MB at the end"
    words = f"{len(sizes)} sweeps in {length / 60:.1f} minutes, {ended(found)} rows ended"
    note("pace", kind, f"{server(found.kind, found.found)}: {words}; memory {grown}")
    assert after - before < GROWTH, grown


@contextmanager
def sweeper(found: World) -> Iterator[Callable[[str], tuple[float, list[str]]]]:
    """A process that sweeps when it is told to, and says its size in MB and what stopped."""
    command = [
        sys.executable,
        str(Path(__file__).parent / "swept.py"),
        str(found.found.folder),
        found.found.url,
    ]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None

    def sweep(how: str) -> tuple[float, list[str]]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{how}\n")
        process.stdin.flush()
        size, stopped = json.loads(process.stdout.readline())
        return size, stopped

    try:
        yield sweep
    finally:
        process.stdin.close()
        process.wait(timeout=60)


def ended(found: World) -> int:
    return sum(map(len, found.gone.values()))
