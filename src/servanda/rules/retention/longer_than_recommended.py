"""Data stay longer than the authority recommends, and the text gives no reason.

The CNIL says how long is enough: prospects three years, an account without activity two, logs of
connections a year, trackers thirteen months, card numbers thirteen or fifteen, candidates two
years. Longer is possible with a written reason (`ground`). Logs count from the event that they
record: counted from the last visit or the end of the contract, the oldest become as old as the
account. Who unsubscribed or objected is not canvassed at all (GDPR 21(3)).

Bad:

    --- policy.yaml
    categories:
      leads: {says: {en: Prospects}, audience: customers, fields: [company], tags: [prospect]}
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: We delete all of it five years after it was collected.}
        published: {period: P5Y}
        stated:
          - {data: [leads, account, login, visit, invoice], period: P5Y, since: [collection], end: [delete]}
        enforced:
          - {data: [leads, account, login, visit, invoice], trigger: collection, active: P5Y, ground: {choice: sales}}

Good:

    --- policy.yaml
    categories:
      leads: {says: {en: Prospects}, audience: customers, fields: [company], tags: [prospect]}
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: We delete all of it three years after it was collected.}
        published: {period: P3Y}
        stated:
          - {data: [leads, account, login, visit, invoice], period: P3Y, since: [collection], end: [delete]}
        enforced:
          - {data: [leads, account, login, visit, invoice], trigger: collection, active: P3Y, ground: {choice: sales}}

Shorten the period, or write the reason into the text and under `ground`.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.facts import maximum
from servanda.law.period import Period
from servanda.policy.policy import Statement
from servanda.policy.stated import Stated
from servanda.rules.engine.rule import Finding, Result, not_applicable, rule, weak
from servanda.rules.engine.view import View

_OF_THE_EVENT = {"event", "collection", "other"}


@rule("SV114", law="CNIL, guides and référentiels; GDPR 5(1)(e)", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Compare each period of tagged categories with the maxima of the jurisdictions."""
    statements = [s for s in view.policy.statements() if s.stated.period and s.stated.clause != "exception"]
    if not statements:
        yield not_applicable("the text gives no period in figures")
        return
    for name, category in view.policy.categories.items():
        for statement in statements:
            if category.role == "controller" and statement.stated.covers(name):
                for tag in category.tags:
                    yield from _too_long(view, name, tag, statement)


def _too_long(view: View, name: str, tag: str, statement: Statement) -> Iterator[Finding]:
    stated, at = statement.stated, view.value_spot(*statement.path)
    limit = maximum(_looked_up(tag, stated), view.policy.jurisdictions, view.today)
    if limit is None or stated.high is None:
        return
    high, most = stated.high.in_words(), limit.period.in_words()
    if tag == "prospect" and "unsubscription" in stated.since and stated.high != Period():
        message = f"{name}: canvassing goes on for {high} after people unsubscribed"
        yield weak(at, message, "end it at once: who objects is not written to any more (GDPR 21(3))")
    elif stated.ground is not None:
        return
    elif tag == "connection" and not set(stated.since) <= _OF_THE_EVENT:
        since = ", ".join(stated.since)
        message = f"{name}: counted from {since}, so that the oldest become older than {most}"
        yield weak(at, message, f"count from the event that they record; {limit.ground} recommends {most}")
    elif not stated.high.never_longer_than(limit.period):
        message = f"{name}: kept for {high}; {limit.ground} recommends at most {most}"
        yield weak(at, message, "shorten it, or give the reason in the text and under ground")


def _looked_up(tag: str, stated: Stated) -> str:
    """The tag for the table of law; an account with an inactivity period has its own tag."""
    if tag == "account":
        return "inactive-account" if "last_activity" in stated.since else ""
    return tag
