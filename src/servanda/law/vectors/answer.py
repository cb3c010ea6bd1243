"""Vectors of requests: one month, extension, pauses, promises (C1-C8, C10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from servanda.law.answer_deadline import PROMPT, Clock, Pause
from servanda.law.period import Period, parse_period
from servanda.law.vectors import Input, day_if_any, day_of, kind, place_of, zone_of


@kind(
    "rights.one_month",
    "rights.extension",
    "rights.refusal",
    "rights.suspension",
    "rights.suspension+extension",
    "promise.min_with_law",
)
def answer(given: Input) -> Mapping[str, object]:
    """Compute until when to answer, to tell of an extension, and to refuse."""
    clock = Clock(
        received=day_of(given, "received"),
        pauses=tuple(_pause(entry) for entry in given.get("suspensions") or ()),
        extended_on=day_if_any(given, "extension_notice_sent"),
        promised=_promised(given),
        logged_in=bool(given.get("authenticated", False)),
        ask_within=int(given.get("ask_within_working_days", PROMPT)),
    )
    zone_of(given)
    result = clock.answer(place_of(given))
    return {**asdict(result), "receipt_day": clock.received, "extension_notice_by": result.notice_by}


def _pause(entry: Input) -> Pause:
    unknown = set(entry) - {"asked", "supplied", "doubt"}
    if unknown:
        raise ValueError(f"a suspension has no field {', '.join(sorted(unknown))}")
    return Pause(day_of(entry, "asked"), day_if_any(entry, "supplied"), bool(entry.get("doubt", True)))


def _promised(given: Input) -> Period | None:
    """The promise: a period, or the day on which a promise in calendar days would end."""
    if given.get("promise") is not None:
        return parse_period(given["promise"])
    end = day_if_any(given, "promise_due")
    return None if end is None else Period(days=(end - day_of(given, "received")).days)
