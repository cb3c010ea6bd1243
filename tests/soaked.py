"""What long runs saw, kept in bench/soak.md: a line for each part and database, in place of the one before."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from projects import TestProject

SUMMARY = Path(__file__).parents[1] / "bench" / "soak.md"
HEAD = """# The last long run

`make soak` writes this: applies killed with `kill -9` at random moments, and sweeps at full pace while a program
writes into the same tables. After each round every row is compared with what may end, and the ledger is verified.
Memory is the resident size of the process that sweeps, after its warm-up and at the end.

Histories are those of generated companies, which end as the model of `tests/model` says; their number is counted
over all runs. `SEED=number` runs one of them again.

"""


def server(kind: str, found: TestProject) -> str:
    """The database and its version."""
    query = "SELECT sqlite_version()" if kind == "sqlite" else "SELECT version()"
    version = re.search(r"\d+\.\d+(\.\d+)?", str(found.rows(query)[0][0]))
    names = {"sqlite": "SQLite", "postgres": "PostgreSQL", "mariadb": "MariaDB"}
    return f"{names[kind]} {version[0] if version else '?'}"


def machine() -> str:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    return f"{os.cpu_count()} cores, {total:.0f} GB, Python {platform.python_version()}"


def _lines() -> list[str]:
    known = SUMMARY.read_text(encoding="utf-8") if SUMMARY.exists() else ""
    return [line for line in known.splitlines() if line.startswith("- ")]


def noted(part: str, kind: str) -> str:
    """The line of the run before; empty if there was none."""
    return next((line for line in _lines() if line.endswith(f"<!-- {part} {kind} -->")), "")


def note(part: str, kind: str, words: str) -> None:
    """Put a line into the summary, in place of the one of the run before."""
    mark = f"<!-- {part} {kind} -->"
    lines = [line for line in _lines() if not line.endswith(mark)]
    lines.append(f"- {datetime.now(UTC):%Y-%m-%d}, {machine()}. {words}. {mark}")
    lines.sort(key=lambda line: line[line.index("<!--") :])
    SUMMARY.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
