"""What the application notices of a sweep: its latencies quiet, and while a sweep goes on beside it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measure import Sheet
from scene import Scene

SECONDS = float(os.environ.get("SECONDS_OF_LOAD", "60"))
WARM_UP = 15.0
ROUNDS = 3
LOOK = 0.05  # seconds between two looks at who waits for a lock; each is a query of its own
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


class Load:
    """The application, begun in a process of its own; what it noticed goes to a file, which no reader holds up."""

    def __init__(self, url: str, rows: int, seconds: float = SECONDS) -> None:
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115
        command = [sys.executable, str(Path(__file__).with_name("load.py")), url, str(seconds), str(rows)]
        self._process = subprocess.Popen(command, stdout=self._said, text=True)

    def over(self) -> bool:
        """Whether it has done all its transactions."""
        return self._process.poll() is not None

    def wait(self) -> str:
        """What it said at its end."""
        self._process.wait()
        self._said.seek(0)
        with self._said:
            return self._said.read()


def noticed(load: Load) -> Noticed:
    """Wait for the application's end and read what it noticed."""
    found = json.loads(load.wait())
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
    process: list[Load] = []

    def begin() -> None:
        """The plan was made: the application begins, and the sweep half a second later."""
        process.append(Load(url, rows, seconds))
        watching.start()
        time.sleep(0.5)
        begun[0] = time.monotonic()

    def watch() -> None:
        while not process[0].over():
            worst[0] = max(worst[0], waits())
            time.sleep(LOOK)

    def over() -> bool:
        return process[0].over()

    watching = threading.Thread(target=watch)
    done = made.sweep_while(over, begin, pace=pace)
    lasted = time.monotonic() - begun[0]
    found = noticed(process[0])
    watching.join()
    found.wait, found.rows, found.lasted = worst[0], done, lasted
    found.longest = made.percentile(1) if made.transactions else 0.0
    return found


def told(sheet: Sheet, name: str, made: Scene, rows: int, waits: Callable[[], float]) -> None:
    """Measure quiet and at the default pace by turns, then at full pace, and add the rows."""
    url = made.found.url
    os.sync()  # what was written to make the tables is no part of what is measured
    Load(url, rows, WARM_UP).wait()
    quiet, gentle = [], []
    for _ in range(ROUNDS):
        quiet.append(noticed(Load(url, rows)))
        gentle.append(beside(made, url, rows, waits))
        if gentle[-1].lasted < SECONDS - 2:
            raise SystemExit(f"{name}: the sweep ended after {gentle[-1].lasted:.0f} s; it needs more rows")
    full = beside(made, url, rows, waits, pace="full", seconds=FULL_SECONDS)
    usual = f"{quiet[0].samples} transactions, {quiet[0].median:.2f} ms in the median"
    what = f"the same application without a sweep, before each round: {usual}"
    ratio = not name.startswith("sweep.sqlite")
    before = [x.p99 for x in quiet]
    sheet.add(name, [x.p99 for x in gentle], before if ratio else None, command=what, unit="ms")
    worst = max(x.wait if ratio else x.longest for x in gentle)
    sheet.add(f"{name}.wait" if ratio else f"{name}.lock", [worst])
    sheet.add(f"{name}.errors", [sum(x.errors for x in gentle)])
    sheet.add(f"{name}.quiet", before, unit="ms")
    sheet.add(f"{name}.rows_a_second", [x.pace for x in gentle], unit="rows/s")
    sheet.add(f"{name}.full", [full.p99], unit="ms")
    sheet.add(f"{name}.full.rows_a_second", [full.pace], unit="rows/s")
