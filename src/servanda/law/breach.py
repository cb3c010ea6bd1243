r"""The deadline to notify the authority of a breach of personal data: 72 hours.

    aware 12:17 ... 13:00 ---------- 72 elapsed hours ----------> expiry 13:00
          \------------- target, within 72 h of the minute -------> 12:17

The hour of awareness is not counted; week-ends and holidays are. Whether art. 3(5)
(two working days in every period) applies to hours is disputed; authorities say no, and
it is not applied. If clocks change meanwhile, the expiry counts elapsed hours, and the
target is the earlier of 72 elapsed hours and the same local time.

Law: GDPR art. 33(1) 72 hours after having become aware; art. 33(2) a processor tells its
controller without undue delay, and the controller is aware from then on (EDPB Guidelines
9/2022). Regulation 1182/71, art. 3(1), 3(2)(a), 3(3), 3(4).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from servanda.law.steps import OutOfOrder, Step, step

_HOUR = timedelta(hours=1)
_LIMIT = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Processor:
    """The processor with the breach: when it became aware, and its contractual time to notify."""

    aware: datetime
    within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """The begin and end of the 72 hours, and the `target` to aim for. Times are in the local zone.

    `processor_by` is the processor's deadline to notify, if its contract sets one.
    """

    start: datetime
    expiry: datetime
    target: datetime
    steps: tuple[Step, ...]
    processor_by: datetime | None = None


def notify_by(aware: datetime, zone: ZoneInfo, processor: Processor | None = None) -> Notification:
    """Calculate the 72 hours from the time at which the controller became aware.

    Times are timezone-aware. Raises OutOfOrder if the processor became aware later.
    """
    local = _later(aware, timedelta(0), zone)
    start = _later(local.replace(minute=0, second=0, microsecond=0), _HOUR, zone)
    expiry = _later(start, _LIMIT, zone)
    elapsed = _later(local, _LIMIT, zone)
    # the same time on the clock three days on; once through UTC, since it may not exist there
    on_clock = (local + _LIMIT).replace(fold=0).astimezone(UTC).astimezone(zone)
    target = min(elapsed, on_clock, key=datetime.timestamp)
    steps = [step(local, "breach.aware", "GDPR 33(1)"), step(start, "breach.start", "1182/71 3(1)")]
    if elapsed.utcoffset() != local.utcoffset():
        steps.append(step(target, "breach.clocks-change", "1182/71 3(2)(a)"))
    steps.append(step(target, "breach.target", "GDPR 33(1)"))
    steps.append(step(expiry, "breach.expiry", "1182/71 3(3)"))
    processor_steps, processor_by = _told(processor, local, zone) if processor else ((), None)
    return Notification(start, expiry, target, (*processor_steps, *steps), processor_by)


def _told(
    processor: Processor, informed: datetime, zone: ZoneInfo
) -> tuple[tuple[Step, ...], datetime | None]:
    """The steps and the deadline of the processor; its awareness does not start the 72 hours."""
    knew = processor.aware.astimezone(zone)
    if knew.timestamp() > informed.timestamp():
        raise OutOfOrder(f"the processor knew at {knew.isoformat(' ')}, after it told the controller")
    steps = [step(knew, "breach.processor-knew", "GDPR 33(2)")]
    if processor.within is None:
        return tuple(steps), None
    by = _later(knew, processor.within, zone)
    too_late = informed.timestamp() > by.timestamp()
    steps.append(step(by, "breach.processor-late" if too_late else "breach.processor-in-time", "GDPR 33(2)"))
    return tuple(steps), by


def _later(instant: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    """Add elapsed time via UTC; within one zone, Python would add wall-clock time."""
    return (instant.astimezone(UTC) + by).astimezone(zone)
