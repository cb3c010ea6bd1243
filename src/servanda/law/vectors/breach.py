"""Vectors of breaches: 72 hours (C9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from servanda.law.breach import Notification, Processor, notify_by
from servanda.law.vectors import Input, instant_of, kind


@kind("breach.72h")
def aware(given: Input) -> Mapping[str, object]:
    """Compute the hours of a company that became aware itself."""
    return _fields(notify_by(instant_of(given, "aware_at"), ZoneInfo(given["tz"])))


@kind("breach.72h.processor")
def informed(given: Input) -> Mapping[str, object]:
    """Compute the hours of a company that heard of it from its processor."""
    hours = given.get("processor_within_hours")
    within = None if hours is None else timedelta(hours=int(hours))
    processor = Processor(instant_of(given, "processor_aware"), within)
    return _fields(notify_by(instant_of(given, "controller_informed"), ZoneInfo(given["tz"]), processor))


def _fields(notification: Notification) -> Mapping[str, object]:
    return {
        "start": notification.start,
        "expiry": notification.expiry,
        "target_conservative": notification.target,
        "processor_by": notification.processor_by,
    }
