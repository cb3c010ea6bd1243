"""The lifetime of a consent, and of a tracker set under it.

Months run from the day of the consent; a visit does not extend them. A tracker's lifetime
is in seconds and compared by its day of expiry: thirteen months are 393 to 397 days.

Law: GDPR art. 7(1). CNIL, deliberation 2020-091 of 17 September 2020 (guidelines) and the
recommendation of the same day: trackers 13 months, what they collect 25 months.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from servanda.law.deadline import ends
from servanda.law.period import Period
from servanda.law.retention import eligible_from, last_day
from servanda.law.steps import Step, step

TRACKER = Period(months=13)
AUDIENCE = Period(months=25)


@dataclass(frozen=True, slots=True)
class Validity:
    """The last day of a consent, the first day after it, and the steps."""

    last_day: date
    expired_from: date
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The day on which a tracker expires, and the last day allowed."""

    allowed_until: date
    expires: date
    steps: tuple[Step, ...]

    @property
    def too_long(self) -> bool:
        """Return whether the tracker outlives the consent."""
        return self.expires > self.allowed_until


def valid_until(given: date, period: Period = TRACKER) -> Validity:
    """Calculate the validity of a consent given on this day."""
    last, expired = last_day(given, period), eligible_from(given, period)
    steps = (
        step(given, "consent.given", "1182/71 3(1)"),
        ends(given, period),
        step(expired, "consent.expired", "CNIL 2020-091"),
    )
    return Validity(last, expired, steps)


def lifetime(set_at: datetime, max_age: timedelta, period: Period = TRACKER, zone: tzinfo = UTC) -> Lifetime:
    """Compare a tracker's lifetime with the allowed one, in days of `zone`. `set_at` is timezone-aware."""
    local = set_at.astimezone(zone)
    expires = (local.astimezone(UTC) + max_age).astimezone(zone).date()
    allowed = last_day(local.date(), period)
    sentence = "tracker.too-long" if expires > allowed else "tracker.allowed"
    seconds = int(max_age.total_seconds())
    steps = (
        step(local.date(), "tracker.set", "1182/71 3(1)"),
        ends(local.date(), period),
        step(expires, sentence, "CNIL 2020-091", seconds=seconds, days=max_age.days),
    )
    return Lifetime(allowed, expires, steps)
