"""What the application notices of a sweep: its latencies quiet, and while a sweep goes on beside it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measure import Sheet
from scene import Scene

SECONDS = float(os.environ.get("SECONDS_OF_LOAD", "60"))
WARM_UP = 15.0
FULL_SECONDS = 10.0  # at full pace the rows last no longer


@dataclass
class Noticed:
    """What an application noticed, in ms, and the errors it got.

    Of the sweep beside it: its `longest` transaction in ms, its rows, and how many seconds it `lasted`.
    """

    p99: float
    median: float
    most: float
    samples: int
    errors: int
    wait: float = 0.0
    longest: float = 0.0
    rows: int = 0
    lasted: float = 0.0

    @property
    def pace(self) -> float:
        """Rows that the sweep ended in a second."""
        return self.rows / self.lasted


def load(url: str, rows: int, seconds: float = SECONDS) -> subprocess.Popen[str]:
    """The application, begun in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("load.py")), url, str(seconds), str(rows)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def noticed(process: subprocess.Popen[str]) -> Noticed:
    """Wait for the application's end and read what it noticed."""
    found = json.loads(process.communicate()[0])
    ordered = sorted(1000 * x for x in found["latencies"])
    p99 = ordered[int(len(ordered) * 0.99)]
    return Noticed(p99, statistics.median(ordered), ordered[-1], len(ordered), len(found["errors"]))


def beside(
    made: Scene,
    url: str,
    rows: int,
    waits: Callable[[], float],
    pace: str = "gentle",
    seconds: float = SECONDS,
) -> Noticed:
    """Run a sweep while the application works, until it has done all its transactions."""
    worst = [0.0]
    begun = [0.0]
    process: list[subprocess.Popen[str]] = []

    def begin() -> None:
        """The plan was made: the application begins, and the sweep half a second later."""
        process.append(load(url, rows, seconds))
        watching.start()
        time.sleep(0.5)
        begun[0] = time.monotonic()

    def watch() -> None:
        while process[0].poll() is None:
            worst[0] = max(worst[0], waits())
            time.sleep(0.01)

    watching = threading.Thread(target=watch)
    done = made.sweep_while(lambda: process[0].poll() is not None, begin, pace=pace)
    lasted = time.monotonic() - begun[0]
    found = noticed(process[0])
    watching.join()
    found.wait, found.rows, found.lasted = worst[0], done, lasted
    found.longest = made.percentile(1) if made.transactions else 0.0
    return found


def told(
    sheet: Sheet, name: str, made: Scene, rows: int, waits: Callable[[], float]
) -> tuple[Noticed, Noticed]:
    """Measure quiet, at the default pace and at full pace, and add the rows; returns quiet and default pace."""
    url = made.found.url
    load(url, rows, WARM_UP).communicate()
    quiet = noticed(load(url, rows))
    gentle = beside(made, url, rows, waits)
    if gentle.lasted < SECONDS - 2:
        raise SystemExit(f"{name}: the sweep ended after {gentle.lasted:.0f} s; it needs more rows")
    full = beside(made, url, rows, waits, pace="full", seconds=FULL_SECONDS)
    what = f"the same application without a sweep: {quiet.samples} transactions, {quiet.median:.2f} ms in the median"
    ratio = not name.startswith("sweep.sqlite")
    sheet.add(name, [gentle.p99], [quiet.p99] if ratio else None, command=what, unit="ms")
    sheet.add(f"{name}.wait" if ratio else f"{name}.lock", [gentle.wait if ratio else gentle.longest])
    sheet.add(f"{name}.errors", [gentle.errors])
    sheet.add(f"{name}.quiet", [quiet.p99], unit="ms")
    sheet.add(f"{name}.rows_a_second", [gentle.pace], unit="rows/s")
    sheet.add(f"{name}.full", [full.p99], unit="ms")
    sheet.add(f"{name}.full.rows_a_second", [full.pace], unit="rows/s")
    return quiet, gentle
