"""Vectors of retention: maxima and minima, several grounds for one record, holds (C11, C12)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from servanda.law.period import parse_period
from servanda.law.retention import Ground, Held, ending
from servanda.law.vectors import Input, day_if_any, day_of, kind, period_of


@kind("retention.max", "retention.min", "retention.hold")
def one_period(given: Input) -> Mapping[str, object]:
    """Compute the last day of one period, the first day after it, and the day to act under a hold."""
    placed, released = day_if_any(given, "hold_from"), day_if_any(given, "hold_to")
    holds = [Held(placed, released)] if placed else []
    result = ending([Ground(day_of(given, "trigger"), period_of(given))], holds)
    return {
        "last_day": result.last_day,
        "eligible_from": result.eligible_from,
        "action_on": result.action_on,
    }


@kind("retention.combine")
def several_grounds(given: Input) -> Mapping[str, object]:
    """Compute the end of each ground: each field follows its own, nothing else rides along.

    A vector names an end after its rule or after one word of it ("limitation proof":
    `archive_proof_until`), so each of these names is offered; grounds that share a name
    are those of one field.
    """
    closure = day_of(given, "closure")
    grounds: dict[str, list[Ground]] = {}
    for rule in given["rules"]:
        length = next(rule[limit] for limit in ("max", "archive", "min") if limit in rule)
        start = next((day_of(rule, name) for name in ("from_", "from") if name in rule), closure)
        words = re.findall(r"\w+", rule["name"].lower())
        ground = Ground(start, parse_period(length), "min" if "min" in rule else "max", rule["name"])
        for name in {"_".join(words), *words}:
            grounds.setdefault(name, []).append(ground)
    ends: dict[str, date] = {"active_until": closure}
    for name, fields in grounds.items():
        ends[f"{name}_until"] = ends[f"archive_{name}_until"] = ending(fields).last_day
    return ends
