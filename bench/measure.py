"""Measurements: both sides in one run, medians of five, bars from bars.toml, rows into out.json."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("ROUNDS", "5"))


@dataclass(frozen=True)
class Bar:
    """The most that a row may show, and in which unit."""

    most: float
    unit: str


@dataclass
class Row:
    """One line of the benchmark.

    `ours` and `other` are in `unit`;
    `ratio` is ours / other, or ours alone; `spread` the least and the greatest of the `n` rounds.
    """

    name: str
    ours: float
    other: float | None
    ratio: float
    bar: float | None
    holds: bool | None
    n: int
    spread: str
    command: str
    unit: str
    machine: str
    at: str


def bars(part: str) -> dict[str, Bar]:
    """The bars of a part, by name."""
    found = tomllib.loads((HERE / "bars.toml").read_text(encoding="utf-8"))
    return {name: Bar(**bar) for name, bar in found.get(part, {}).items()}


def machine() -> str:
    """The machine, as far as it bears on figures."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return f"{os.cpu_count()} cores, {memory} GiB, {platform.system()} {platform.machine()}"


def most_memory() -> float:
    """The most memory that this process ever had resident, in MB; of itself alone, not of who started it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


class Sheet:
    """The rows of a run of one part."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.bars = bars(part)
        self.rows: list[Row] = []

    def add(
        self,
        name: str,
        ours: Sequence[float],
        other: Sequence[float] | None = None,
        *,
        command: str = "",
        unit: str = "s",
    ) -> Row:
        """Add a row from the figures of its rounds, and print it."""
        bar = self.bars.get(name)
        left = statistics.median(ours)
        right = None if other is None else statistics.median(other)
        ratio = left if right is None else left / right
        spread = f"{min(ours):.3g}–{max(ours):.3g}"
        if other is not None:
            spread += f" / {min(other):.3g}–{max(other):.3g}"
        holds = None if bar is None else ratio <= bar.most
        row = Row(
            name,
            round(left, 4),
            None if right is None else round(right, 4),
            round(ratio, 3),
            None if bar is None else bar.most,
            holds,
            len(ours),
            spread,
            " ".join(command.split()),
            bar.unit if bar and other is None else unit,
            machine(),
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self.rows.append(row)
        print(line(row), flush=True)
        return row

    def compare(
        self,
        name: str,
        ours: Callable[[], float],
        other: Callable[[], float],
        *,
        command: str,
        rounds: int = ROUNDS,
    ) -> Row:
        """Measure both sides in turn, so that what else the machine does falls on both."""
        left: list[float] = []
        right: list[float] = []
        for _ in range(rounds):
            right.append(other())
            left.append(ours())
        return self.add(name, left, right, command=command)

    def missing(self, names: Sequence[str] | None = None) -> list[str]:
        """The bars for which no row was made."""
        made = {row.name for row in self.rows}
        return [name for name in (self.bars if names is None else names) if name not in made]

    def save(self) -> None:
        """Put the rows into out.json, beside those of other parts; a row of the same name is replaced."""
        path = HERE / "out.json"
        old: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
        made = {row.name for row in self.rows}
        kept = [row for row in old if row["name"] not in made]
        rows = sorted([*kept, *(asdict(row) for row in self.rows)], key=lambda r: str(r["name"]))
        path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def line(row: Row) -> str:
    """A row as the table prints it."""
    mark = {True: "✓", False: "✗", None: " "}[row.holds]
    if row.other is None:
        told = f"{row.ours:>9.4g} {row.unit}"
    else:
        told = f"{row.ours:>9.3f} {row.other:>9.3f} {row.unit:<2} {row.ratio:>6.2f} ×"
    bar = "" if row.bar is None else f"≤ {row.bar:g}"
    return f"{mark} {row.name:<30} {told:<34} {bar:<8} n={row.n}  {row.spread}"


def seconds(act: Callable[[], Any]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
