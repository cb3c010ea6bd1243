"""A period is counted from child rows that end before they could prove it.

Log-ins that are kept one year cannot show three years of inactivity: when they are gone,
the place falls back on its `else:` and an account in daily use looks old. On real data
45 % of the accounts lost their trigger so, and would have been ended too early.

Bad:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: An account that nobody used for three years is deleted.}
        published: {period: P3Y}
        enforced:
          - {data: account, trigger: last_use, active: P3Y, end: delete, ground: {choice: nobody uses it}}
      - id: TEST-RET-02
        kind: retention
        keep: enforce
        line: 13
        says: {en: Log-ins stay a year.}
        published: {period: P1Y}
        enforced:
          - {data: login, trigger: login, active: P1Y, end: delete, ground: {choice: security}}
    --- app.sql
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, created_at TIMESTAMP NOT NULL);
    CREATE TABLE logins (id INTEGER PRIMARY KEY, account_id INTEGER REFERENCES accounts, at TIMESTAMP);
    CREATE INDEX logins_at ON logins (at);
    CREATE INDEX logins_account ON logins (account_id);
    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {last_use: {latest: logins.at, else: created_at}}
      logins:
        data: login
        person: {via: account_id, to: accounts}
        triggers: {login: at}

Good:

    --- stores.yaml
    places:
      accounts:
        data: account
        person: self
        identifiers: {email: email}
        triggers: {last_use: {latest: logins.at, else: created_at, remember: true}}
      logins:
        data: login
        person: {via: account_id, to: accounts}
        triggers: {login: at}

Say `remember: true`: the sweep of the children then notes each parent's latest date before
it deletes. Or bind a column that the application keeps, such as `last_seen_at`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from servanda.policy.promise import Retention
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.selection import LatestTime, OwnTime

_SAMPLE = date(2023, 3, 1)


@rule("SV410", law="GDPR 5(1)(e)", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Compare the period of the child with the period that its rows are needed for."""
    for place in view.ended:
        for name, trigger in view.latest(place):
            if trigger.remembered is not None:
                continue
            needed = [r for _, r in place.limits if r.trigger == name]
            for child in view.bound.of_table(place.store, trigger.link.table):
                own_retentions, other_retentions = _of_time(view, child, trigger)
                if (
                    not own_retentions
                    or max(map(_end, own_retentions)) > max(map(_end, needed))
                    or not _lost(view, child, trigger)
                ):
                    continue
                periods_text = " then ".join(p.in_words() for p in max(own_retentions, key=_end).periods)
                long = " then ".join(p.in_words() for p in max(needed, key=_end).periods)
                message = (
                    f"{child.name} ends after {periods_text}, and {place.name} counts {long} from its latest row: "
                    "without it a row looks as old as its fallback"
                )
                judge = weak if other_retentions else fails
                yield judge(view.at(place, "triggers", name), message, "remember: true, or bind a column")


def _of_time(view: View, child: BoundPlace, trigger: LatestTime) -> tuple[list[Retention], list[Retention]]:
    """The retentions of a child that start from the trigger column, and the others."""
    own_retentions: list[Retention] = []
    other_retentions: list[Retention] = []
    if view.endless(child) or view.for_others(child):
        return own_retentions, other_retentions
    for _, retention in child.limits:
        bound = child.triggers.get(retention.trigger)
        same_trigger = isinstance(bound, OwnTime) and bound.time.name == trigger.time.name
        (own_retentions if same_trigger else other_retentions).append(retention)
    return own_retentions, other_retentions


def _lost(view: View, child: BoundPlace, trigger: LatestTime) -> bool:
    """Return whether the end of a child clears its time, or its reference to the parent."""
    emptied = set(child.place.at_end) & {trigger.time.name, *trigger.link.columns}
    return view.deletes(child) or bool(emptied)


def _end(retention: Retention) -> date:
    day = _SAMPLE
    for period in retention.periods:
        day = day + period
    return day
