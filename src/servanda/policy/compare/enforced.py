"""What changed in what software does for a promise: periods, triggers, ends, holds.

Retentions meet by their data and their kind of limit; where the list of data changed,
by the data that they have in common. A longer period leaves people less protected; a
shorter one takes data away that they might have counted on: both are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from servanda.law.period import Period
from servanda.policy.compare.change import STEP, Change, Verdict, field, members, plain
from servanda.policy.promise import EveryRetention, KeepsHolds, Promise, Retention

LONGER: Verdict = (
    True,
    "data stay longer: people are less protected, and consent may have to be asked again",
)
SHORTER: Verdict = (True, "data go earlier: people may want to take a copy first (GDPR 13(2)(a))")
OTHER_PERIOD: Verdict = (True, "data stay for another time, now longer, now shorter (GDPR 13(2)(a))")


def enforced_changes(old: Promise, new: Promise, where: str) -> Iterator[Change]:
    """Yield the changes in what software does for one promise."""
    where += f"{STEP}enforced"
    pairs = list(_pairs(old.retentions, new.retentions))
    for before, after in pairs:
        retention = after or before
        at = where if len(pairs) == 1 else f"{where}{STEP}{_label(retention)}" if retention else where
        if before and after:
            yield from _retention(before, after, at)
        elif after:
            why = (True, "data have a period that was not promised before (GDPR 13(2)(a))")
            yield Change("added", at, None, plain(after), *why)
        else:
            why = (True, "data lose a period that was promised (GDPR 13(2)(a))")
            yield Change("removed", at, plain(before), None, *why)
    yield from _holds(old, new, where)
    yield from _every(old, new, where)


def _label(retention: Retention) -> str:
    more = " and others" if len(retention.data) > 1 else ""
    return retention.data[0] + more + (" at least" if retention.limit == "min" else "")


def _pairs(
    old: Sequence[Retention], new: Sequence[Retention]
) -> Iterator[tuple[Retention | None, Retention | None]]:
    """Match retentions: same data, limit and trigger; then same data and limit; then some data in common."""
    tests: tuple[Callable[[Retention, Retention], bool], ...] = (
        lambda a, b: set(a.data) == set(b.data) and a.limit == b.limit and a.trigger == b.trigger,
        lambda a, b: set(a.data) == set(b.data) and a.limit == b.limit,
        lambda a, b: bool(set(a.data) & set(b.data)) and a.limit == b.limit,
        lambda a, b: set(a.data) == set(b.data),
    )
    left, right = list(old), list(new)
    matched: dict[int, Retention] = {}
    for test in tests:
        for after in list(right):
            before = next((item for item in left if test(item, after)), None)
            if before is not None:
                left = [item for item in left if item is not before]
                right = [item for item in right if item is not after]
                matched[id(after)] = before
    for after in new:
        yield matched.get(id(after)), after
    for before in left:
        yield before, None


def _retention(old: Retention, new: Retention, where: str) -> Iterator[Change]:
    at = where + STEP
    yield from members(
        f"{at}data",
        old.data,
        new.data,
        added=(True, "these data now have this period (GDPR 13(2)(a))"),
        removed=(True, "this period is no longer promised for these data (GDPR 13(2)(a))"),
    )
    because = (True, "the time is counted from another event (GDPR 13(2)(a))")
    yield from field(f"{at}trigger", old.trigger, new.trigger, because)
    yield from field(f"{at}end_of", old.end_of, new.end_of, because)
    other_limit = (True, "“deleted by then” and “not before then” are different promises")
    yield from field(f"{at}limit", old.limit, new.limit, other_limit)
    yield from _periods(old, new, at)
    other_end = (True, "deleting and making anonymous are different ends")
    yield from field(f"{at}end", old.end, new.end, other_end)
    other_ground = (False, "another reason for the same time")
    yield from field(f"{at}ground", old.ground, new.ground, other_ground)
    for name in ("owner", "because"):
        reason = (False, "who answers for it, or how it is explained, and not what is done")
        yield from field(f"{at}{name}", getattr(old, name), getattr(new, name), reason)
    warning = (True, "people are warned at another moment before their data go, or not at all")
    yield from field(f"{at}warn_before", old.warn_before, new.warn_before, warning)
    figures = (False, "it says only how anonymous figures are checked")
    yield from field(f"{at}statistics", old.statistics, new.statistics, figures)


def _periods(old: Retention, new: Retention, at: str) -> Iterator[Change]:
    """Yield the changed stages; the verdict rests on all stages together."""
    verdict = period_verdict(_total(old.periods), _total(new.periods))
    yield from field(f"{at}period", old.active, new.active, verdict)
    yield from field(f"{at}archive", old.archive, new.archive, verdict)


def _total(periods: Sequence[Period]) -> Period:
    months = sum(period.whole_months for period in periods)
    return Period(months=months, days=sum(period.days for period in periods))


def period_verdict(old: Period, new: Period) -> Verdict:
    """Say what a changed time of keeping means for people."""
    if old == new:
        return (True, "data leave daily use at another moment, and go at the same one")
    if old.never_longer_than(new):
        return LONGER
    return SHORTER if new.never_longer_than(old) else OTHER_PERIOD


def _holds(old: Promise, new: Promise, where: str) -> Iterator[Change]:
    def kinds(promise: Promise) -> list[str]:
        return [item.hold for item in promise.enforced if isinstance(item, KeepsHolds)]

    yield from members(
        f"{where}{STEP}hold",
        kinds(old),
        kinds(new),
        added=(True, "data may now stay past their period"),
        removed=(True, "data that were kept during a case may now go"),
    )


def _every(old: Promise, new: Promise, where: str) -> Iterator[Change]:
    before, after = _of_all(old), _of_all(new)
    at = f"{where}{STEP}every retention"
    if before is None or after is None:
        yield from field(at, before, after, (True, "it speaks of the end of all data"))
        return
    yield from members(
        f"{at}{STEP}ends",
        before.ends,
        after.ends,
        added=(True, "data may end in a way that was excluded before"),
        removed=(True, "data may no longer end in this way"),
    )
    pseudonyms = (True, "a pseudonym is still personal data (GDPR recital 26)")
    yield from field(f"{at}{STEP}pseudonyms", before.pseudonyms, after.pseudonyms, pseudonyms)
    smaller = (after.k or 1) < (before.k or 1)
    group = "smaller groups reveal more about each person" if smaller else "larger groups reveal less"
    yield from field(f"{at}{STEP}k", before.k, after.k, (smaller, group))


def _of_all(promise: Promise) -> EveryRetention | None:
    found: list[Any] = [item for item in promise.enforced if isinstance(item, EveryRetention)]
    return found[0] if found else None
