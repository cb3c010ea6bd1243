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


@dataclass
class Noticed:
    """What an application noticed, in ms, and the errors it got; `longest` is a transaction of the sweep."""

    p99: float
    median: float
    most: float
    samples: int
    errors: int
    wait: float = 0.0
    longest: float = 0.0
    rows: int = 0


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


def beside(made: Scene, url: str, rows: int, waits: Callable[[], float], pace: str = "gentle") -> Noticed:
    """Run a sweep while the application works, until it has done all its transactions."""
    worst = [0.0]
    process: list[subprocess.Popen[str]] = []

    def begin() -> None:
        """The plan was made: the application begins, and the sweep half a second later."""
        process.append(load(url, rows))
        watching.start()
        time.sleep(0.5)

    def watch() -> None:
        while process[0].poll() is None:
            worst[0] = max(worst[0], waits())
            time.sleep(0.01)

    watching = threading.Thread(target=watch)
    done = made.sweep_while(lambda: process[0].poll() is not None, begin, pace=pace)
    found = noticed(process[0])
    watching.join()
    found.wait, found.rows = worst[0], done
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
    full = beside(made, url, rows, waits, pace="full")
    what = f"the same application without a sweep: {quiet.samples} transactions, {quiet.median:.2f} ms in the median"
    ratio = not name.startswith("sweep.sqlite")
    sheet.add(name, [gentle.p99], [quiet.p99] if ratio else None, command=what, unit="ms")
    sheet.add(f"{name}.wait" if ratio else f"{name}.lock", [gentle.wait if ratio else gentle.longest])
    sheet.add(f"{name}.errors", [gentle.errors])
    sheet.add(f"{name}.quiet", [quiet.p99], unit="ms")
    sheet.add(f"{name}.rows_a_second", [gentle.rows / SECONDS], unit="rows/s")
    sheet.add(f"{name}.full", [full.p99], unit="ms")
    sheet.add(f"{name}.full.rows_a_second", [full.rows / SECONDS], unit="rows/s")
    return quiet, gentle
