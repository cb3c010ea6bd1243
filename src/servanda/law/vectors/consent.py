"""Vectors of consent and cookies: months from the event, by calendar date, never sliding (C13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta

from servanda.law.consent import TRACKER, lifetime, valid_until
from servanda.law.vectors import Input, day_of, instant_of, kind, period_if_any, period_of, zone_of


@kind("consent.months")
def consent(given: Input) -> Mapping[str, object]:
    """Compute the last day of a consent and the day from which it has expired."""
    result = valid_until(day_of(given, "given"), period_of(given))
    return {"last_day": result.last_day, "expired_from": result.expired_from}


@kind("cookie.max_age")
def cookie(given: Input) -> Mapping[str, object]:
    """Compare the day on which a cookie expires with the last day allowed: dates, not seconds."""
    max_age = timedelta(seconds=int(given["max_age_seconds"]))
    period = period_if_any(given) or TRACKER
    result = lifetime(instant_of(given, "set_at"), max_age, period, zone_of(given) or UTC)
    return {
        "allowed_until": result.allowed_until,
        "expires": result.expires,
        "verdict": "too_long" if result.too_long else "ok",
    }
