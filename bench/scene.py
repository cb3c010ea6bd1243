"""What the measurements of sweeps share: a project on a database, its 1,000 held persons, its clock."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from projects import NOW, Quiet, TestProject, policy, project
from servanda.apply.archive import Archiver
from servanda.apply.by_range import Sweep
from servanda.apply.options import Options, Outcome
from servanda.persons.holds import HeldPerson
from servanda.plan.make import make
from servanda.plan.plan import Plan, Step
from servanda.stores.binding.open_stores import OpenStores

HELD = 1_000
CUT = "2025-11-21 23:00:00+00"
"""The instant at which a year ended that was promised, on the company's calendar, at `NOW`."""


@contextmanager
def scene(url: str, promises: list[dict[str, Any]], places: dict[str, Any], **store: Any) -> Iterator[Scene]:
    """A project in a folder of its own, whose keys are thrown away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="servanda-bench-"))
    os.environ["SERVANDA_VAULT"] = str(folder / "vault")
    try:
        yield Scene(project(folder / "p", url, policy(promises), places, **store))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Watch(Quiet):
    """Notes how long each page's transaction took, from its begin to after its commit, in seconds."""

    def __init__(self, stores: OpenStores) -> None:
        super().__init__()
        self.stores = stores
        self.transactions: list[float] = []

    def moved(self, step: Step, done: int) -> None:
        del done
        self.transactions.append(self.stores.sessions[step.store].took)


class Timed(Sweep):
    """A sweep that notes how long its pages took, looked for, done and recorded (s)."""

    stepped = 0.0

    def _with_retry(self, *given: Any) -> None:
        began = time.perf_counter()
        super()._with_retry(*given)
        self.stepped += time.perf_counter() - began


class Scene:
    """A project, and the times of its last sweep."""

    def __init__(self, found: TestProject) -> None:
        self.found = found
        self.planned = 0.0
        self.counted = 0.0
        self.stepped = 0.0
        self.transactions: list[float] = []

    def hold(self, place: str, keys: range) -> None:
        """Hold persons: one hold of litigation for all of them."""
        scope = tuple(HeldPerson(place, (key,)) for key in keys)
        review = date.today() + timedelta(days=200)
        self.found.holds.place(
            "litigation", scope, case="B", reason="bench", author="bench", review_on=review
        )

    def plan(self, *, quick: bool = False) -> Plan:
        """The plan of today."""
        return self.found.plan(quick=quick)

    def sweep_while(
        self, stop: Callable[[], bool], begin: Callable[[], None] = lambda: None, **options: Any
    ) -> int:
        """Sweep until somebody asks to stop, or nothing is due; `begin` is called between plan and sweep."""
        outcome = self._carry_out(False, NOW, Options(stop=stop, **options), begin)[0]
        return sum(outcome.done.values())

    def sweep(self, *, expect: int, quick: bool = False, now: datetime = NOW, **options: Any) -> float:
        """Seconds that an apply takes from its first entry to its last; the count before it is timed apart."""
        outcome, took = self._carry_out(quick, now, Options(**({"pace": "full"} | options)))
        _expect(outcome, expect)
        return took

    def _carry_out(
        self, quick: bool, now: datetime, chosen: Options, begin: Callable[[], None] = lambda: None
    ) -> tuple[Outcome, float]:
        with self.found.opened(now) as project:
            project.stores.lend_secret(project.vault.secret("pseudonym"))
            began = time.perf_counter()
            plan = make(project, quick=quick)
            self.planned = time.perf_counter() - began
            watch = Watch(project.stores)
            sweep = Timed(project, plan, chosen, watch, Archiver.of(project, plan))
            begin()
            began = time.perf_counter()
            outcome = sweep.carry_out(None)
            took = time.perf_counter() - began
            self.stepped = sweep.stepped
            self.transactions = watch.transactions
            self.counted = sum(s.partitions.counted for s in project.stores.sessions.values())
        return outcome, took

    def percentile(self, part: float) -> float:
        """A percentile of the transactions of the last sweep, in ms."""
        ordered = sorted(self.transactions)
        return 1000 * ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def _expect(outcome: Outcome, rows: int) -> None:
    done = sum(outcome.done.values())
    if not outcome.whole or done != rows:
        raise SystemExit(f"the sweep ended {done} rows where {rows} are due: {outcome.stopped}")
