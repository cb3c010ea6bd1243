"""Worked examples of legal time, computed and compared.

A file of vectors is YAML: `vectors` is a list of `{id, rule, input, expect}`. Each rule
has one function here, in one of the modules of this folder, which gets the input and
returns the fields it computes; only the fields that the vector expects are compared.
A new kind of vector is one more function marked with `@kind`, in a module of its room.

Nothing is left uncomputed in silence: a rule without a function, a field of the input that
no function looked at, or an expected field that none computes, makes the file unusable.

    python -m servanda.law.vectors FILE [--kind PREFIX]
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from servanda.errors import ServandaError
from servanda.law.period import Period, parse_period
from servanda.law.working_days import Calendar, calendar_of

Input = Mapping[str, Any]
Compute = Callable[[Input], Mapping[str, object]]

_KINDS: dict[str, Compute] = {}
_LABELS = ("seed",)
"""Fields of an input that only say where it comes from."""


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


@dataclass(frozen=True, slots=True)
class Unknown:
    """A rule or a field of one vector that no function knows, or an input that cannot be computed."""

    id: str
    why: str

    def __str__(self) -> str:
        return f"{self.id}  {self.why}"


@dataclass(slots=True)
class Outcome:
    """What came of a file: how many vectors were computed, which differ, which could not be."""

    computed: int = 0
    differences: list[Difference] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)


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
        required = {"id": str, "rule": str, "input": dict, "expect": dict}
        for name, type_ in required.items():
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
        if vector["rule"].startswith(prefix):
            _compute(vector, outcome)
    return outcome


class _Looked(Mapping[str, Any]):
    """An input that remembers which of its fields were looked at."""

    def __init__(self, given: Input) -> None:
        self._given = given
        self.at: set[str] = set(_LABELS)

    def __getitem__(self, name: str) -> Any:
        self.at.add(name)
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def _compute(vector: Mapping[str, Any], outcome: Outcome) -> None:
    """Compute one vector and note what differs, or what is not known of it."""
    name, rule, fields = vector["id"], vector["rule"], _Looked(vector["input"])
    if rule not in _KINDS:
        outcome.unknown.append(Unknown(name, f"there is no rule {rule!r}"))
        return
    try:
        got = _KINDS[rule](fields)
    except KeyError as error:
        outcome.unknown.append(Unknown(name, f"{rule} needs the field {error}"))
        return
    except (ValueError, TypeError, AttributeError, ServandaError) as error:
        outcome.unknown.append(Unknown(name, f"{rule} cannot be computed: {error}"))
        return
    unknown = [f"{rule} takes no field {field!r}" for field in fields if field not in fields.at]
    unknown += [f"{rule} computes no field {field!r}" for field in vector["expect"] if field not in got]
    if unknown:
        outcome.unknown += [Unknown(name, why) for why in unknown]
        return
    outcome.computed += 1
    for wanted, value in vector["expect"].items():
        if _shown(got[wanted]) != _shown(value):
            outcome.differences.append(Difference(name, wanted, _shown(value), _shown(got[wanted])))


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def day_of(given: Input, name: str) -> date:
    """Return the local day of a field: a date, or an instant `<name>_at` in the zone `tz`."""
    value = given[name] if name in given else given[f"{name}_at"]
    zone = zone_of(given)
    if isinstance(value, datetime) or (isinstance(value, str) and "T" in value):
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return (instant.astimezone(zone) if zone and instant.tzinfo else instant).date()
    return value if isinstance(value, date) else date.fromisoformat(value)


def day_if_any(given: Input, name: str) -> date | None:
    """Return the day of a field that may be absent or null."""
    present = any(given.get(field) is not None for field in (name, f"{name}_at"))
    return day_of(given, name) if present else None


def instant_of(given: Input, name: str) -> datetime:
    """Return the instant of a field; one without an offset is in the zone `tz`, or else in UTC."""
    value = given[name]
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return instant if instant.tzinfo else instant.replace(tzinfo=zone_of(given) or UTC)


def zone_of(given: Input) -> ZoneInfo | None:
    """Return the zone of an input, if it names one."""
    return ZoneInfo(given["tz"]) if "tz" in given else None


def place_of(given: Input) -> Calendar:
    """Return the calendar of an input's place; it must name one."""
    return calendar_of(given["calendar"])


def period_of(given: Input) -> Period:
    """Return the period of an input: `years`, `months`, `weeks` and `days`, or `period: P1Y`."""
    period = period_if_any(given)
    if period is None:
        raise KeyError("years, months, weeks or days")
    return period


def period_if_any(given: Input) -> Period | None:
    """Return the period of an input, or None where it gives none."""
    if "period" in given:
        return parse_period(given["period"])
    units = ("years", "months", "weeks", "days")
    if not any(unit in given for unit in units):
        return None
    years, months, weeks, days = (int(given.get(unit) or 0) for unit in units)
    return Period(years, months, 7 * weeks + days)
