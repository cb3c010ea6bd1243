"""Vectors of retention: maxima and minima, several grounds for one record, holds (C11, C12)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from servanda.law.period import parse_period
from servanda.law.retention import Held, action_on, eligible_from, last_day
from servanda.law.vectors import Input, day_of, kind, period_of


@kind("retention.max", "retention.min")
def one_period(given: Input) -> Mapping[str, object]:
    """Compute the last day of one period and the first day after it."""
    trigger, period = day_of(given, "trigger"), period_of(given)
    return {"last_day": last_day(trigger, period), "eligible_from": eligible_from(trigger, period)}


@kind("retention.combine")
def several_grounds(given: Input) -> Mapping[str, object]:
    """Compute the end of each ground: each field follows its own, nothing else rides along.

    A vector names an end after its rule or after one word of it ("limitation proof":
    `archive_proof_until`), so each of these names is offered.
    """
    closure = day_of(given, "closure")
    ends: dict[str, date] = {"active_until": closure}
    for ground in given["rules"]:
        length = next(ground[limit] for limit in ("max", "archive", "min") if limit in ground)
        start = next((day_of(ground, name) for name in ("from_", "from") if name in ground), closure)
        end = last_day(start, parse_period(length))
        words = re.findall(r"\w+", ground["name"].lower())
        for name in {"_".join(words), *words}:
            for field in (f"{name}_until", f"archive_{name}_until"):
                ends[field] = max(end, ends.get(field, end))
    return ends


@kind("retention.hold")
def held(given: Input) -> Mapping[str, object]:
    """Compute the end of a period, and the day on which a held row can really be ended."""
    trigger, period = day_of(given, "trigger"), period_of(given)
    released = day_of(given, "hold_to") if given.get("hold_to") else None
    action = action_on(trigger, period, [Held(day_of(given, "hold_from"), released)])
    return {
        "last_day": last_day(trigger, period),
        "eligible_from": eligible_from(trigger, period),
        "action_on": action,
    }
