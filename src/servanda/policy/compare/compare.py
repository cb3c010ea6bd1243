"""What changed between two versions of a policy, and whether people must be told.

    changed   promise visitor-logs › enforced › period     P1Y → P2Y        binds people
    added     recipient hubspot                                             binds people
    changed   promise visitor-logs › says › en             other words      does not

Meaning is compared, not text: promises meet by their id, categories, purposes and
recipients by their name, retentions by their data. Order, layout and comments do not
count, and P12M is the same as P1Y.

A change *binds* when people had been told, or had agreed to, something else: what is
done with their data, by whom, for how long, or what they may ask. It is announced before
it holds; where people are less protected than before, consent may have to be asked again.

Law: GDPR 13(1) and (2) what people are told, 13(3) told again for another purpose,
5(1)(a) transparency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from servanda.law.period import Period
from servanda.policy.compare.change import ELSEWHERE, STEP, WORDING, Change, Verdict, field, members, plain
from servanda.policy.compare.enforced import enforced_changes, period_verdict
from servanda.policy.compare.stated import stated_changes
from servanda.policy.compare.statements import statement_changes
from servanda.policy.parties import Audience, Party
from servanda.policy.policy import Category, Policy
from servanda.policy.promise import Promise
from servanda.policy.purposes import Purpose
from servanda.policy.recipients import Recipient
from servanda.policy.values import Words, published_value

__all__ = ["Change", "compare"]

_INWARD = frozenset({"access-trace", "clearance", "register", "security", "breach", "backup"})
"""Kinds of promise that ask nothing of people: one more of them takes nothing away."""


def compare(old: Policy, new: Policy) -> list[Change]:
    """Return every change of meaning from `old` to `new`, in the order of the document."""
    return [
        *_edition(old, new),
        *_party("controller", old.controller, new.controller),
        *_party("dpo", old.dpo, new.dpo),
        *_law(old, new),
        *_named("audience", old.audiences, new.audiences),
        *_named("category", old.categories, new.categories),
        *_named("purpose", old.purposes, new.purposes),
        *_named("recipient", old.recipients, new.recipients),
        *_statements(old, new),
        *_promises(old, new),
    ]


_COMPARED = {
    *("servanda", "title", "controller", "dpo", "authority", "jurisdictions", "languages", "version"),
    *("timezone", "fiscal_year_end", "audiences", "categories", "purposes", "recipients", "promises"),
}
"""Sections that are compared by name and meaning below."""


def _statements(old: Policy, new: Policy) -> Iterator[Change]:
    for name in Policy.model_fields:
        if name not in _COMPARED:
            yield from statement_changes(name, getattr(old, name), getattr(new, name))


def _edition(old: Policy, new: Policy) -> Iterator[Change]:
    yield from _words("title", old.title, new.title)
    edition = (False, "it names the edition, and says nothing about data")
    for name in ("number", "effective_from", "prints", "earlier", "reviewed_at"):
        yield from field(
            f"version{STEP}{name}", getattr(old.version, name), getattr(new.version, name), edition
        )
    yield from _words(f"version{STEP}changelog", old.version.changelog, new.version.changelog)
    yield from members(
        "languages",
        old.languages,
        new.languages,
        added=(False, "more people can read it"),
        removed=(False, "what is promised stays the same"),
    )


def _law(old: Policy, new: Policy) -> Iterator[Change]:
    complaint = (True, "people complain to another authority (GDPR 13(2)(d))")
    yield from field("authority", old.authority, new.authority, complaint)
    other_law = (True, "another law protects people")
    yield from members(
        "jurisdictions", old.jurisdictions, new.jurisdictions, added=other_law, removed=other_law
    )
    hours = (False, "days begin at another hour; periods stay the same")
    yield from field("timezone", old.timezone, new.timezone, hours)
    years = any(r.end_of == "fiscal_year" for _, r in [*old.retentions(), *new.retentions()])
    end: Verdict = (years, "periods are counted from it" if years else "no period is counted from it")
    yield from field("fiscal_year_end", old.fiscal_year_end, new.fiscal_year_end, end)


def _party(where: str, old: Party | None, new: Party | None) -> Iterator[Change]:
    """Yield changes of the controller or the DPO (GDPR 13(1)(a) and (b))."""
    if old is None or new is None:
        yield from field(where, old, new, (True, "people turn to somebody else (GDPR 13(1)(b))"))
        return
    who = (True, "somebody else answers for the data (GDPR 13(1)(a) and (b))")
    reach = (True, "people reach them in another way (GDPR 13(1)(a) and (b))")
    verdicts = {"name": who, "country": who, "line": ELSEWHERE}
    for name in Party.model_fields:
        verdict = verdicts.get(name, reach)
        yield from field(f"{where}{STEP}{name}", getattr(old, name), getattr(new, name), verdict)


def _words(where: str, old: Words | None, new: Words | None) -> Iterator[Change]:
    for language in ("fr", "en"):
        before, after = (getattr(text, language) if text else None for text in (old, new))
        yield from field(f"{where}{STEP}{language}", before, after, WORDING)


_Part = Audience | Category | Purpose | Recipient

_ADDED: dict[str, str] = {
    "audience": "data of other persons are used",
    "category": "other data are used (GDPR 13(1), 14(1)(d))",
    "purpose": "data are used for something else: people are told first, and consent may be needed (GDPR 13(3), 6(4))",
    "recipient": "somebody else receives data: people are less protected, and consent may be needed (GDPR 13(1)(e))",
}
_LIST: dict[str, tuple[str, str]] = {
    "audience": ("data of other persons are used", "data of fewer persons are used"),
    "fields": ("more is known about people", "less is known about people"),
    "basis": ("people have other rights under another basis (GDPR 13(1)(c))",) * 2,
    "data": ("more data are used or passed on", "fewer data are used or passed on"),
}
_VALUE: dict[str, Verdict] = {
    "line": ELSEWHERE,
    "role": (True, "somebody else decides about these data (GDPR 4(7), 28)"),
    "kind": (True, "the recipient stands in another role (GDPR 13(1)(e))"),
    "country": (True, "data go to another country (GDPR 13(1)(f))"),
}


def _named(kind: str, old: Mapping[str, _Part], new: Mapping[str, _Part]) -> Iterator[Change]:
    """Yield changes of a section whose parts have names."""
    for name, part in new.items():
        where = f"{kind} {name}"
        if name not in old:
            yield Change("added", where, None, plain(part), True, _ADDED[kind])
        else:
            yield from _part(where, old[name], part)
    for name, part in old.items():
        if name not in new:
            fewer = "people are affected less than before"
            yield Change("removed", f"{kind} {name}", plain(part), None, False, fewer)


def _part(where: str, old: _Part, new: _Part) -> Iterator[Change]:
    for name in type(new).model_fields:
        at, before, after = f"{where}{STEP}{name}", getattr(old, name), getattr(new, name)
        if name == "says":
            yield from _words(at, before, after)
        elif name in _LIST:
            more, fewer = _LIST[name]
            removed = (name == "basis", fewer)
            yield from members(at, before, after, added=(True, more), removed=removed)
        elif name in _VALUE:
            yield from field(at, before, after, _VALUE[name])
        else:
            yield from statement_changes(at, before, after)


def _promises(old: Policy, new: Policy) -> Iterator[Change]:
    before = {promise.id: promise for promise in old.promises}
    after = {promise.id: promise for promise in new.promises}
    for promise in new.promises:
        if promise.id in before:
            yield from _promise(before[promise.id], promise)
        else:
            inward = promise.kind in _INWARD
            why = "one promise more, which takes nothing away" if inward else "people are told something new"
            yield Change("added", f"promise {promise.name}", None, plain(promise), not inward, why)
    for promise in old.promises:
        if promise.id not in after:
            right = promise.kind in ("right", "deadline", "post-mortem", "consent")
            why = (
                "people lose a right that they were promised"
                if right
                else "people relied on it: a promise fewer"
            )
            yield Change("removed", f"promise {promise.name}", plain(promise), None, True, why)


def _promise(old: Promise, new: Promise) -> Iterator[Change]:
    where = f"promise {new.name}"
    for name in ("kind", "sub"):
        sorted_as = (False, "it is sorted otherwise; what is promised stays")
        yield from field(f"{where}{STEP}{name}", getattr(old, name), getattr(new, name), sorted_as)
    yield from field(f"{where}{STEP}name", old.name, new.name, (False, "another name on screens"))
    yield from field(
        f"{where}{STEP}keep", old.keep, new.keep, (False, "the same promise, kept in another way")
    )
    yield from field(f"{where}{STEP}line", old.line, new.line, ELSEWHERE)
    yield from field(
        f"{where}{STEP}within", old.within, new.within, (False, "it is looked at more or less often")
    )
    compared = (False, "it is compared otherwise; what is promised stays")
    yield from field(f"{where}{STEP}checked", old.checked or None, new.checked or None, compared)
    yield from _words(f"{where}{STEP}says", old.says, new.says)
    yield from _published(old, new, f"{where}{STEP}published")
    yield from stated_changes(old, new, where)
    yield from enforced_changes(old, new, where)


def _published(old: Promise, new: Promise, where: str) -> Iterator[Change]:
    """Yield changes of what the text states, key by key; lists item by item, periods by their meaning."""
    for key in dict.fromkeys([*old.published, *new.published]):
        before, after = old.published.get(key), new.published.get(key)
        at = f"{where}{STEP}{key}"
        if published_value(before) == published_value(after):
            continue
        if isinstance(before, list) and isinstance(after, list):
            lost = (
                "people lose a right that they were promised" if key == "rights" else "the text states less"
            )
            more, fewer = (True, "the text states more"), (True, lost)
            texts = [str(item) for item in before], [str(item) for item in after]
            yield from members(at, *texts, added=more, removed=fewer)
        else:
            yield from field(at, before, after, _stated(old.kind, before, after))


def _stated(kind: str, before: object, after: object) -> Verdict:
    """Say what another published value means for people."""
    old, new = published_value(before), published_value(after)
    if not (isinstance(old, Period) and isinstance(new, Period)):
        return (True, "the text states something else")
    if kind in ("retention", "archive", "cookie"):
        return period_verdict(old, new)
    sooner = new.never_longer_than(old)
    return (True, "people are promised less time to wait" if sooner else "people may have to wait longer")
