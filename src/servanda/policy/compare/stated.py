"""What changed in what the text says on periods, statement by statement.

Statements of one promise meet by their data and their clause. A figure is compared by its
meaning, so that P12M is P1Y; whether people must be told of a longer or a shorter one is
said as for what is enforced.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from servanda.law.period import Period
from servanda.policy.compare.change import ELSEWHERE, STEP, Change, Verdict, field, members
from servanda.policy.compare.enforced import period_verdict
from servanda.policy.promise import Promise
from servanda.policy.stated import Stated

_OTHERWISE: Verdict = (True, "people are told something else about how long data stay (GDPR 13(2)(a))")
_RECORD: Verdict = (False, "it says how the company keeps data apart, and not how long")
_LISTS = ("lasts", "since", "hedge", "end", "prevails_over")


def stated_changes(old: Promise, new: Promise, where: str) -> Iterator[Change]:
    """Yield the changes in what the text says on periods, for one promise."""
    at = f"{where}{STEP}stated"
    for before, after in _pairs(old.stated, new.stated):
        if before is None or after is None:
            yield from field(at, before, after, _OTHERWISE)
        else:
            yield from _statement(before, after, f"{at}{STEP}{', '.join(after.data)}")


def _pairs(old: list[Stated], new: list[Stated]) -> Iterator[tuple[Stated | None, Stated | None]]:
    left = list(old)
    rest = []
    for after in new:
        same = (s for s in left if (set(s.data), s.clause) == (set(after.data), after.clause))
        before = next(same, None)
        if before is None:
            rest.append(after)
        else:
            left = [s for s in left if s is not before]
            yield before, after
    yield from zip_longest(left, rest)


def _statement(old: Stated, new: Stated, where: str) -> Iterator[Change]:
    yield from members(f"{where}{STEP}data", old.data, new.data, added=_OTHERWISE, removed=_OTHERWISE)
    verdict = _OTHERWISE
    if isinstance(old.period, Period) and isinstance(new.period, Period):
        verdict = period_verdict(old.period, new.period)
    yield from field(f"{where}{STEP}period", old.period, new.period, verdict)
    for name in _LISTS:
        lists: tuple[list[str], list[str]] = (list(getattr(old, name)), list(getattr(new, name)))
        yield from members(f"{where}{STEP}{name}", *lists, added=_OTHERWISE, removed=_OTHERWISE)
    for name in ("renewed_by", "most", "clause", "ground", "stays"):
        yield from field(f"{where}{STEP}{name}", getattr(old, name), getattr(new, name), _OTHERWISE)
    yield from field(f"{where}{STEP}archive", old.archive, new.archive, _RECORD)
    yield from field(f"{where}{STEP}line", old.line, new.line, ELSEWHERE)
