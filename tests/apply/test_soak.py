"""Long runs: fifty kills on each database, and minutes at full pace while a program writes, with memory flat.

`make soak` runs them; SOAK_MINUTES shortens the second for trying out. Both write what
they saw to bench/soak.md, one row a database.
"""

from __future__ import annotations

import gc
import os
import platform
import re
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from killing import ALLOW, PHASES, World, warm, world
from test_faults import again_and_again
from test_kill_loop import rounds

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("soak"), pytest.mark.timeout(3600)]

KINDS = ["sqlite", "postgres", "mariadb"]
MINUTES = float(os.environ.get("SOAK_MINUTES", "10"))
KILLS = 50 if MINUTES >= 10 else max(int(5 * MINUTES), 3)
GROWTH = 24.0  # MB that the process may grow after its warm-up
SUMMARY = Path(__file__).parents[2] / "bench" / "soak.md"
HEAD = """# The last long run

`make soak` writes this: applies killed with `kill -9` at random moments, and sweeps at full pace while a program
writes into the same tables. After each round every row is compared with what may end, and the ledger is verified.
Memory is the resident size of the process that sweeps, after its warm-up and at the end.

"""


@pytest.mark.parametrize("kind", KINDS)
def test_killed_for_long(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    found = world(tmp_path, fresh_url(kind), kind, seed=50)
    with warm(found.found.folder, found.found.url) as process:
        phases = rounds(found, process, KILLS)
    found.finish()
    seen = ", ".join(f"{phases[p]} {p}" for p in PHASES if phases[p])
    note("kills", kind, f"{server(found)}: {phases.total()} kills ({seen}); {ended(found)} rows ended")


@pytest.mark.parametrize("kind", KINDS)
def test_at_full_pace_for_minutes_memory_is_flat(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    found = world(tmp_path, fresh_url(kind), kind, seed=10)
    until = time.monotonic() + MINUTES * 60 / len(KINDS)
    warm_at = time.monotonic() + (until - time.monotonic()) * 0.3
    before, sweeps = 0.0, 0
    with again_and_again(partial(found.add, 120, apart=True), 0.2):
        while time.monotonic() < until:
            outcome = found.found.apply(quick=sweeps % 5 > 0, allow=ALLOW, pace="full")
            # what the writer made grow, locks, or gave children meanwhile, goes on in the next sweep
            passing = ("were planned", "locked", "foreign key", "kept coming")
            stopped = [s for s in outcome.stopped.values() if not any(p in s.lower() for p in passing)]
            assert not stopped, stopped
            found.found.listener.pages.clear()
            found.found.listener.sentences.clear()
            sweeps += 1
            if not before and time.monotonic() > warm_at:
                before = memory()
    after = memory()
    found.look()
    assert found.found.ledger.verify().ok
    found.finish_quietly()
    grown = f"{before:.0f} MB after the warm-up, {after:.0f} MB at the end"
    words = (
        f"{server(found)}: {sweeps} sweeps in {MINUTES / len(KINDS):.1f} minutes, {ended(found)} rows ended"
    )
    note("pace", kind, f"{words}; memory {grown}")
    assert before, "too short to warm up"
    assert after - before < GROWTH, grown


def memory() -> float:
    """The resident size of this process, in MB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def ended(found: World) -> int:
    return sum(map(len, found.gone.values()))


def server(found: World) -> str:
    """The database and its version."""
    query = "SELECT sqlite_version()" if found.kind == "sqlite" else "SELECT version()"
    version = re.search(r"\d+\.\d+(\.\d+)?", str(found.found.rows(query)[0][0]))
    names = {"sqlite": "SQLite", "postgres": "PostgreSQL", "mariadb": "MariaDB"}
    return f"{names[found.kind]} {version[0] if version else '?'}"


def machine() -> str:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    return f"{os.cpu_count()} cores, {total:.0f} GB, Python {platform.python_version()}"


def note(part: str, kind: str, words: str) -> None:
    """Put a line into the summary, in place of the one of the run before."""
    mark = f"<!-- {part} {kind} -->"
    known = SUMMARY.read_text(encoding="utf-8") if SUMMARY.exists() else ""
    lines = [line for line in known.splitlines() if line.startswith("- ") and not line.endswith(mark)]
    lines.append(f"- {datetime.now(UTC):%Y-%m-%d}, {machine()}. {words}. {mark}")
    lines.sort(key=lambda line: line[line.index("<!--") :])
    SUMMARY.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
