"""Worked examples of legal time, computed and compared.

A file of vectors is YAML: `vectors` is a list of `{id, rule, input, expect}`. Each rule
has one function here, in one of the modules of this folder, which gets the input and
returns the fields it computes; only the fields that the vector expects are compared.
A new kind of vector is one more function marked with `@kind`, in a module of its room.

    python -m servanda.law.vectors FILE [--kind PREFIX]
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from servanda.law.period import Period, parse_period

Input = Mapping[str, Any]
Compute = Callable[[Input], Mapping[str, object]]

_KINDS: dict[str, Compute] = {}


def kind(*rules: str) -> Callable[[Compute], Compute]:
    """Register the function that computes vectors of these rules."""

    def register(compute: Compute) -> Compute:
        for rule in rules:
            if rule in _KINDS:
                raise ValueError(f"two functions compute {rule}")
            _KINDS[rule] = compute
        return compute

    return register


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one vector that came out differently."""

    id: str
    field: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.id}  {self.field}: expected {self.expected}, got {self.got}"


@dataclass(slots=True)
class Outcome:
    """What came of a file: how many vectors agree, which differ, which no function knows."""

    computed: int = 0
    differences: list[Difference] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)


class Unusable(ValueError):
    """A file that holds no vectors that can be read."""


def read(file: Path) -> list[Mapping[str, Any]]:
    """Read the vectors of a file; raises Unusable with the reason."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unusable(f"{file} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Unusable(f"{file} is not YAML: {error}") from error
    vectors = document.get("vectors") if isinstance(document, dict) else None
    if not isinstance(vectors, list) or not vectors:
        raise Unusable(f"{file} has no list of vectors")
    for number, vector in enumerate(vectors, 1):
        wanted = {"id": str, "rule": str, "input": dict, "expect": dict}
        for name, type_ in wanted.items():
            if not isinstance(vector, dict) or not isinstance(vector.get(name), type_):
                raise Unusable(f"{file}: vector {number} has no usable field {name!r}")
    return vectors


def run(vectors: Iterable[Mapping[str, Any]], prefix: str = "") -> Outcome:
    """Compute the vectors whose rule begins with `prefix` and compare them."""
    for module in pkgutil.iter_modules(__path__):
        if module.name != "__main__":
            importlib.import_module(f"{__name__}.{module.name}")
    outcome = Outcome()
    for vector in vectors:
        rule = vector["rule"]
        if not rule.startswith(prefix):
            continue
        if rule not in _KINDS:
            outcome.unknown[rule] = outcome.unknown.get(rule, 0) + 1
            continue
        outcome.computed += 1
        outcome.differences.extend(_compare(vector, _KINDS[rule]))
    return outcome


def _compare(vector: Mapping[str, Any], compute: Compute) -> Iterable[Difference]:
    try:
        got = compute(vector["input"])
    except (KeyError, ValueError, TypeError) as error:
        reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
        yield Difference(vector["id"], "input", "something that can be computed", reason)
        return
    for name, expected in vector["expect"].items():
        if name not in got:
            yield Difference(vector["id"], name, _shown(expected), "nothing")
        elif _shown(got[name]) != _shown(expected):
            yield Difference(vector["id"], name, _shown(expected), _shown(got[name]))


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def day_of(given: Input, name: str) -> date:
    """Return the local day of a field: a date, or an instant `<name>_at` in the zone `tz`."""
    value = given[name] if name in given else given[f"{name}_at"]
    if isinstance(value, datetime) or (isinstance(value, str) and "T" in value):
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return (instant.astimezone(ZoneInfo(given["tz"])) if "tz" in given else instant).date()
    return value if isinstance(value, date) else date.fromisoformat(value)


def period_of(given: Input) -> Period:
    """Return the period of an input: `years`, `months`, `weeks` and `days`, or `period: P1Y`."""
    if "period" in given:
        return parse_period(given["period"])
    years, months, weeks, days = (int(given.get(u) or 0) for u in ("years", "months", "weeks", "days"))
    if not any(unit in given for unit in ("years", "months", "weeks", "days")):
        raise KeyError("years, months, weeks or days")
    return Period(years, months, 7 * weeks + days)
