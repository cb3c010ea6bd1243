"""Vectors of consent and cookies: months from the event, by calendar date, never sliding (C13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from servanda.law.period import Period
from servanda.law.retention import eligible_from, last_day
from servanda.law.vectors import Input, day_of, kind, period_of

_COOKIE = Period(months=13)
"""How long a tracker may live after consent: CNIL recommendation 2020-091."""


@kind("consent.months")
def consent(given: Input) -> Mapping[str, object]:
    """Compute the last day of a consent and the day from which it has expired."""
    day, period = day_of(given, "given"), period_of(given)
    return {"last_day": last_day(day, period), "expired_from": eligible_from(day, period)}


@kind("cookie.max_age")
def cookie(given: Input) -> Mapping[str, object]:
    """Compare the day on which a cookie expires with the last day allowed: dates, not seconds."""
    zone = ZoneInfo(given["tz"]) if "tz" in given else UTC
    value = given["set_at"]
    set_at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    set_at = set_at.astimezone(zone) if set_at.tzinfo else set_at.replace(tzinfo=zone)
    lifetime = timedelta(seconds=int(given["max_age_seconds"]))
    expires = (set_at.astimezone(UTC) + lifetime).astimezone(zone).date()
    limited = any(unit in given for unit in ("years", "months", "weeks", "days", "period"))
    allowed = last_day(set_at.date(), period_of(given) if limited else _COOKIE)
    return {
        "allowed_until": allowed,
        "expires": expires,
        "verdict": "too_long" if expires > allowed else "ok",
    }
