"""Faults that are planted by hand, one at a time, into a copy of the package: the second picture finds each of them.

Faults of retention are found by the simulator of whole histories, faults of erasure by the generated persons and by
the generated holds, whose oracles know no SQL either. What is planted is the text of a line; if the line changes, the
test says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import servanda

TESTS = Path(__file__).parents[1]
HISTORIES = "tests/model/test_histories.py::test_engine_and_model_agree[sqlite]"
PERSONS = "tests/persons/test_generated_persons.py::test_generated_persons_leave_as_the_oracle_says[sqlite]"
HOLDS = (
    "tests/persons/test_generated_holds.py::test_in_the_end_nothing_is_left_but_what_a_law_keeps[some-sqlite]"
)


@dataclass(frozen=True)
class Fault:
    """A line of a module and what stands there instead; `by` is what must find it."""

    module: str
    right: str
    wrong: str
    by: tuple[str, ...]


FAULTS = {
    "a period ends a day early": Fault(
        "plan/retention_limits.py",
        "    return cutoff(day, retention.active)",
        "    return cutoff(day, retention.active) + __import__('datetime').timedelta(days=1)",
        (HISTORIES,),
    ),
    "a period ends a day late": Fault(
        "plan/retention_limits.py",
        "    return cutoff(day, retention.active)",
        "    return cutoff(day, retention.active) - __import__('datetime').timedelta(days=1)",
        (HISTORIES,),
    ),
    "a legal minimum is forgotten": Fault(
        "plan/retention_limits.py",
        '        parts += [m.over for m in same if m.retention.limit == "min"]',
        '        parts += [m.over for m in same if m.retention.limit == "min"] if not maxima else []',
        (HISTORIES,),
    ),
    "the latest maximum counts instead of the earliest": Fault(
        "plan/retention_limits.py",
        "            parts.append(maxima[0] if len(maxima) == 1 else Any(maxima))",
        "            parts.append(maxima[0] if len(maxima) == 1 else All(maxima))",
        (HISTORIES,),
    ),
    "a row goes although a row that stays points at it": Fault(
        "plan/steps.py",
        "            parts.append(PointedAt(child.link, self._kept(child, place)))",
        "            parts += [PointedAt(child.link, kept)] if (kept := self._kept(child, place)) else []",
        (HISTORIES,),
    ),
    "a hold is ignored": Fault(
        "plan/steps.py",
        "        return _all([condition, Not(covered)])",
        "        return condition",
        (HISTORIES,),
    ),
    "a row goes when its first category has ended": Fault(
        "plan/steps.py",
        "        return _all([ended([limits[i] for i in own]) for own in sorted(owners)])",
        "        return ended([limits[i] for i in min(owners)])",
        (HISTORIES,),
    ),
    "rows that go today are emptied, too": Fault(
        "plan/steps.py",
        "            parts.append(Not(gone))",
        "            pass",
        (HISTORIES,),
    ),
    "a held reference is set to NULL": Fault(
        "plan/steps.py",
        "                parts += [PointedAt(child.link, c) for c in covered if c is not None]",
        "                pass",
        (HISTORIES,),
    ),
    "an equal day counts as before": Fault(
        "stores/sql/where.py",
        "        parts = [column < self.cut(table, time, day), ",
        "        parts = [column <= self.cut(table, time, day), ",
        (HISTORIES,),
    ),
    "a page tells of a row more than it ended": Fault(
        "apply/by_range.py",
        "        outcome.done[step.id] += done",
        "        outcome.done[step.id] += done + (done > 0)",
        (HISTORIES,),
    ),
    "an erasure ignores a hold": Fault(
        "plan/reasons_to_stay.py",
        "            (Reason.HELD, covered),",
        "            (Reason.HELD, ()),",
        (HOLDS, PERSONS),
    ),
    "an erasure ignores a law": Fault(
        "plan/reasons_to_stay.py",
        "            (Reason.LAW, law),",
        "            (Reason.LAW, ()),",
        (HOLDS, PERSONS),
    ),
    "an erasure takes a row of somebody who stays": Fault(
        "plan/reasons_to_stay.py",
        "                conditions.append(LeadsTo(edge.link, other))",
        "                pass",
        (PERSONS, HOLDS),
    ),
    "rows in a circle are followed once": Fault(
        "persons/collect.py",
        "            round_ += 1",
        "            break",
        (PERSONS,),
    ),
    "rows that a row of theirs owns are not followed": Fault(
        "persons/collect.py",
        'forward=edge.ownership == "owns"',
        "forward=False",
        (PERSONS,),
    ),
    "an erased person's row goes although another points at it": Fault(
        "plan/reasons_to_stay.py",
        "        rules.reasons += [(Reason.POINTED, Any(tuple(outside)))] if outside else []",
        "        pass",
        (PERSONS, HOLDS),
    ),
}


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str, tmp_path: Path) -> None:
    fault, package = FAULTS[name], tmp_path / "src" / "servanda"
    shutil.copytree(Path(servanda.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    module = package / fault.module
    text = module.read_text(encoding="utf-8")
    assert text.count(fault.right) == 1, f"the line of this fault is another now: {fault.module}"
    module.write_text(text.replace(fault.right, fault.wrong), encoding="utf-8")
    env = os.environ | {
        "HISTORIES": "200",
        "PYTHONPATH": os.pathsep.join([str(package.parent), str(TESTS), str(TESTS.parent)]),
    }
    for found_by in fault.by:
        words = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", found_by]
        done = subprocess.run(
            words, cwd=TESTS.parent, env=env, capture_output=True, text=True, check=False, timeout=900
        )
        assert "1 passed" in done.stdout or "1 failed" in done.stdout, (
            done.stdout[-2000:] + done.stderr[-2000:]
        )
        if done.returncode:
            return
    pytest.fail(f"nothing found it: {name}")
