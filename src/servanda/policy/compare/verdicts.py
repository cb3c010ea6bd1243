"""The table of verdicts on changes of a policy, by part of the document and key.

A row has the verdicts on a changed, an added and a removed value, and the matching of values if their
type does not imply it. A key without a row binds people by default, so a new key is announced until it
has its own row.

A longer period reduces protection; a shorter one removes data that people may rely on: both bind. The
position and wording of a statement bind nobody, nor do internal records of the company.

Law: GDPR 13(1) and (2) what people are told, 13(3) told again for another purpose, 5(1)(a)
transparency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from servanda.law.period import Period
from servanda.policy.base import Strict
from servanda.policy.categories import Category
from servanda.policy.compare.walk import OTHERS, Part, Rule, Rules, Verdict, by_key, whole
from servanda.policy.consents import Consent
from servanda.policy.edition import Version
from servanda.policy.parties import Party
from servanda.policy.policy import Policy
from servanda.policy.promise import Enforced, EveryRetention, KeepsHolds, Promise, Retention
from servanda.policy.purposes import Purpose
from servanda.policy.recipients import Recipient, Transfer
from servanda.policy.security import Backups
from servanda.policy.stated import Stated
from servanda.policy.values import Words, published_value
from servanda.policy.wording import Claim, Wording

Item = TypeVar("Item")

_RIGHT_LOST: Verdict = (True, "people lose a right that they were promised")
_OTHER_TIME: Verdict = (True, "people are told something else about how long data stay (GDPR 13(2)(a))")

# Verdicts that depend on the values.


def _lasts(old: Period, new: Period) -> Verdict:
    """The verdict on a changed period."""
    if old == new:
        return (True, "data leave daily use at another moment, and go at the same one")
    if old.never_longer_than(new):
        return (True, "data stay longer: people are less protected, and consent may have to be asked again")
    if new.never_longer_than(old):
        return (True, "data go earlier: people may want to take a copy first (GDPR 13(2)(a))")
    return (True, "data stay for another time, now longer, now shorter (GDPR 13(2)(a))")


def _stage(_old: object, _new: object, before: Retention, after: Retention) -> Verdict:
    """The verdict on one stage of a retention, from the sum of all stages."""
    old, new = (
        Period(months=sum(p.whole_months for p in r.periods), days=sum(p.days for p in r.periods))
        for r in (before, after)
    )
    return _lasts(old, new)


def _stated_period(old: object, new: object, *_: object) -> Verdict:
    return _lasts(old, new) if isinstance(old, Period) and isinstance(new, Period) else _OTHER_TIME


def _published_value(old: object, new: object, before: Promise, _after: Promise) -> Verdict:
    old, new = published_value(old), published_value(new)
    if not (isinstance(old, Period) and isinstance(new, Period)):
        return (True, "the text states something else")
    if before.kind in ("retention", "archive", "cookie"):
        return _lasts(old, new)
    sooner = new.never_longer_than(old)
    return (True, "people are promised less time to wait" if sooner else "people may have to wait longer")


def _new_promise(_old: None, new: Promise, *_: object) -> Verdict:
    """The verdict on an added promise: it binds only if it demands something of people."""
    if new.kind in ("access-trace", "clearance", "register", "security", "breach", "backup"):
        return (False, "one promise more, which takes nothing away")
    return (True, "people are told something new")


def _promise_gone(old: Promise, *_: object) -> Verdict:
    if old.kind in ("right", "deadline", "post-mortem", "consent"):
        return _RIGHT_LOST
    return (True, "people relied on it: a promise fewer")


def _fiscal_year(_old: str, _new: str, before: Policy, after: Policy) -> Verdict:
    counted = any(r.end_of == "fiscal_year" for _, r in [*before.retentions(), *after.retentions()])
    return (counted, "periods are counted from it" if counted else "no period is counted from it")


def _group(old: int | None, new: int | None, *_: object) -> Verdict:
    if (new or 1) < (old or 1):
        return (True, "smaller groups reveal more about each person")
    return (False, "larger groups reveal less")


# Matching of parts whose type does not imply it.


def _languages(old: Words | None, new: Words | None) -> Iterator[Part]:
    """Match texts by language, even if one side is absent."""
    for language in Words.model_fields:
        yield Part(language, getattr(old, language, None), getattr(new, language, None))


def _promises(old: list[Promise], new: list[Promise]) -> Iterator[Part]:
    """Match promises by their id."""
    before, after = ({promise.id: promise for promise in promises} for promises in (old, new))
    for part in by_key(before, after):
        yield replace(part, step=f"promise {(part.after or part.before).name}")


def _published(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Part]:
    """Match published values by key: periods by length, lists by word, all else as a whole."""
    for part in by_key(old, new):
        before, after = part.before, part.after
        if published_value(before) == published_value(after):
            continue
        if isinstance(before, list) and isinstance(after, list):
            less = _RIGHT_LOST if part.step == "rights" else (True, "the text states less")
            words = Rule((True, "the text states more"), gone=less)
            yield Part(part.step, [str(item) for item in before], [str(item) for item in after], words)
        else:
            yield Part(part.step, before, after, Rule(_published_value, parts=whole))


def _stated(old: list[Stated], new: list[Stated]) -> Iterator[Part]:
    """Match statements by data and clause, then the rest by order."""
    tests: list[Callable[[Stated, Stated], bool]] = [
        lambda a, b: set(a.data) == set(b.data) and a.clause == b.clause,
        lambda *_: True,
    ]
    for before, after in _meet(old, new, tests):
        yield Part(", ".join(after.data) if before and after else "", before, after)


def _enforced(old: list[Enforced], new: list[Enforced]) -> Iterator[Part]:
    """Match retentions by data, limit and trigger, then by fewer of these; all else by kind."""
    tests: list[Callable[[Retention, Retention], bool]] = [
        lambda a, b: set(a.data) == set(b.data) and a.limit == b.limit and a.trigger == b.trigger,
        lambda a, b: set(a.data) == set(b.data) and a.limit == b.limit,
        lambda a, b: bool(set(a.data) & set(b.data)) and a.limit == b.limit,
        lambda a, b: set(a.data) == set(b.data),
    ]
    pairs = _meet(_only(Retention, old), _only(Retention, new), tests)
    for before, after in pairs:
        yield Part(_label(after or before) if len(pairs) > 1 else "", before, after, _RETENTION)
    hold_ids, holds = ([item.hold for item in _only(KeepsHolds, items)] for items in (old, new))
    yield Part("hold", hold_ids, holds, _HOLD)
    former, latter = (next(iter(_only(EveryRetention, items)), None) for items in (old, new))
    yield Part("every retention", former, latter, _OF_ALL)


def _label(retention: Retention | None) -> str:
    if retention is None:
        return ""
    suffix = " and others" if len(retention.data) > 1 else ""
    return retention.data[0] + suffix + (" at least" if retention.limit == "min" else "")


def _only(kind: type[Item], items: Sequence[object]) -> list[Item]:
    return [item for item in items if isinstance(item, kind)]


def _meet(
    old: Sequence[Item], new: Sequence[Item], tests: Sequence[Callable[[Item, Item], bool]]
) -> list[tuple[Item | None, Item | None]]:
    """Pair the items of two lists by the first test that a pair passes, in the order of the new list."""
    unmatched, matches = list(old), dict[int, Item]()
    for test in tests:
        for i, after in enumerate(new):
            index = next(
                (j for j, before in enumerate(unmatched) if i not in matches and test(before, after)), None
            )
            if index is not None:
                matches[i] = unmatched.pop(index)
    return [
        *((matches.get(i), after) for i, after in enumerate(new)),
        *((before, None) for before in unmatched),
    ]


# The table.

_ELSEWHERE = Rule((False, "it stands elsewhere in the text"))
_RECORD = Rule((False, "a record of the company's own: people were told nothing else"), parts=whole)
_WORDING = Rule((False, "other words, the same meaning"))
_EDITION = Rule((False, "it names the edition, and says nothing about data"), parts=whole)
_TURN_TO = Rule((True, "people turn to somebody else (GDPR 13(1)(b))"))
_WHO = Rule((True, "somebody else answers for the data (GDPR 13(1)(a) and (b))"))
_REACH = Rule((True, "people reach them in another way (GDPR 13(1)(a) and (b))"), parts=whole)
_DATA = Rule((True, "more data are used or passed on"), gone=(False, "fewer data are used or passed on"))
_SORTED = Rule((False, "it is sorted otherwise; what is promised stays"))
_CHECKED = Rule((False, "it is compared otherwise; what is promised stays"), parts=whole)
_COUNTED = Rule((True, "the time is counted from another event (GDPR 13(2)(a))"))
_EXPLAINED = Rule((False, "who answers for it, or how it is explained, and not what is done"), parts=whole)
_RETENTION = Rule(
    (True, "data have a period that was not promised before (GDPR 13(2)(a))"),
    gone=(True, "data lose a period that was promised (GDPR 13(2)(a))"),
)
_HOLD = Rule(
    (True, "data may now stay past their period"),
    gone=(True, "data that were kept during a case may now go"),
)
_OF_ALL = Rule((True, "it speaks of the end of all data"))


def _section(kind: str, added: str) -> Rule:
    """Match the parts of a section by name, with `kind` before the name in the path."""

    def named(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Part]:
        return (replace(part, step=f"{kind} {part.step}") for part in by_key(old, new))

    return Rule((True, added), gone=(False, "people are affected less than before"), parts=named, step="")


VERDICTS: Rules = {
    Strict: {
        "line": _ELSEWHERE,
        "promise": _ELSEWHERE,
        OTHERS: Rule((True, "people were told something else")),
    },
    Words: {OTHERS: _WORDING},
    Policy: {
        "controller": _TURN_TO,
        "dpo": _TURN_TO,
        "authority": Rule((True, "people complain to another authority (GDPR 13(2)(d))")),
        "jurisdictions": Rule((True, "another law protects people")),
        "languages": Rule(
            (False, "more people can read it"), gone=(False, "what is promised stays the same")
        ),
        "timezone": Rule((False, "days begin at another hour; periods stay the same")),
        "fiscal_year_end": Rule(_fiscal_year),
        "audiences": _section("audience", "data of other persons are used"),
        "categories": _section("category", "other data are used (GDPR 13(1), 14(1)(d))"),
        "purposes": _section(
            "purpose",
            "data are used for something else: people are told first, and consent may be needed"
            " (GDPR 13(3), 6(4))",
        ),
        "recipients": _section(
            "recipient",
            "somebody else receives data: people are less protected, and consent may be needed"
            " (GDPR 13(1)(e))",
        ),
        "breaches": _RECORD,
        "business": _RECORD,
        "promises": Rule(_new_promise, gone=_promise_gone, parts=_promises, step=""),
    },
    Version: {
        "changelog": Rule(_WORDING.verdict, parts=_languages),
        OTHERS: _EDITION,
    },
    Party: {"name": _WHO, "country": _WHO, OTHERS: _REACH},
    Category: {
        "audience": Rule(
            (True, "data of other persons are used"), gone=(False, "data of fewer persons are used")
        ),
        "fields": Rule((True, "more is known about people"), gone=(False, "less is known about people")),
        "role": Rule((True, "somebody else decides about these data (GDPR 4(7), 28)")),
        "tags": _RECORD,
    },
    Purpose: {
        "basis": Rule((True, "people have other rights under another basis (GDPR 13(1)(c))")),
        "data": _DATA,
        "balanced_on": _RECORD,
    },
    Recipient: {
        "kind": Rule((True, "the recipient stands in another role (GDPR 13(1)(e))")),
        "country": Rule((True, "data go to another country (GDPR 13(1)(f))")),
        "data": _DATA,
        "members": _RECORD,
        "agreement": _RECORD,
        "told_by": _RECORD,
    },
    Transfer: {"module": _RECORD, "certified_until": _RECORD},
    Consent: {"records": _RECORD},
    Claim: {"evidence": _RECORD},
    Backups: {"replays_erasures": _RECORD},
    Wording: {"defects": _RECORD},
    Promise: {
        "name": Rule((False, "another name on screens")),
        "kind": _SORTED,
        "sub": _SORTED,
        "keep": Rule((False, "the same promise, kept in another way")),
        "published": Rule(_published_value, parts=_published),
        "stated": Rule(_OTHER_TIME, parts=_stated),
        "enforced": Rule(_OTHER_TIME, parts=_enforced),
        "checked": Rule(
            _CHECKED.verdict, parts=lambda old, new: [Part("", old or None, new or None, _CHECKED)]
        ),
        "within": Rule((False, "it is looked at more or less often")),
    },
    Stated: {
        "period": Rule(_stated_period),
        "ground": Rule(_OTHER_TIME, parts=whole),
        "archive": Rule((False, "it says how the company keeps data apart, and not how long"), parts=whole),
        OTHERS: Rule(_OTHER_TIME),
    },
    Retention: {
        "data": Rule(
            (True, "these data now have this period (GDPR 13(2)(a))"),
            gone=(True, "this period is no longer promised for these data (GDPR 13(2)(a))"),
        ),
        "trigger": _COUNTED,
        "end_of": _COUNTED,
        "limit": Rule((True, "“deleted by then” and “not before then” are different promises")),
        "active": Rule(_stage, step="period"),
        "archive": Rule(_stage),
        "end": Rule((True, "deleting and making anonymous are different ends")),
        "ground": Rule((False, "another reason for the same time"), parts=whole),
        "owner": _EXPLAINED,
        "because": _EXPLAINED,
        "warn_before": Rule(
            (True, "people are warned at another moment before their data go, or not at all")
        ),
        "statistics": Rule((False, "it says only how anonymous figures are checked")),
    },
    EveryRetention: {
        "ends": Rule(
            (True, "data may end in a way that was excluded before"),
            gone=(True, "data may no longer end in this way"),
        ),
        "pseudonyms": Rule((True, "a pseudonym is still personal data (GDPR recital 26)")),
        "k": Rule(_group),
    },
}
