"""Two limits on the same data rest on the same ground, and say different things.

Where data rest on several grounds, they stay while any of them runs: the grounds tell
which limit counts. Two periods on one ground cannot both be right, and a program that
picked one would be guessing. With different triggers the first to run out would win,
which may be meant (closed, or inactive), so that this is only weak. GDPR 5(1)(e).

Bad:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Accounts are deleted after three years.}
        published: {period: P3Y}
        enforced:
          - {data: account, trigger: account_closure, active: P3Y, end: delete, ground: {choice: disputes}}
      - id: TEST-RET-02
        kind: retention
        keep: enforce
        line: 30
        says: {en: Account data are deleted after five years.}
        published: {period: P5Y}
        enforced:
          - {data: account, trigger: account_closure, active: P5Y, end: delete, ground: {choice: disputes}}

Good:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: Accounts are deleted after three years.}
        published: {period: P3Y}
        enforced:
          - {data: account, trigger: account_closure, active: P3Y, end: delete, ground: {choice: disputes}}
      - id: TEST-RET-02
        kind: retention
        keep: enforce
        line: 30
        says: {en: Bills are kept for ten years.}
        published: {period: P10Y}
        enforced:
          - data: account
            trigger: account_closure
            limit: min
            active: P10Y
            end: delete
            ground: {law: FR/c-com/L123-22}

Give each limit the ground that it really rests on, split the category where the two
sentences speak of different data, or enforce one period for both promises.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from servanda.policy.promise import Retention
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV103", law="GDPR 5(1)(e)")
def check(view: View) -> Iterator[Finding]:
    """Compare every two retentions of one kind that share data and ground."""
    for (first, left), (second, right) in combinations(view.policy.retentions(), 2):
        shared = [name for name in left.data if name in right.data]
        identical = shared and left.limit == right.limit and str(left.ground) == str(right.ground)
        if not identical:
            continue
        where = view.policy.at(second, "enforced", second.enforced.index(right), "ground")
        names = f"{first.name} (line {view.policy.at(first).line}) and {second.name}"
        if left.trigger != right.trigger:
            message = (
                f"{names} count {shared[0]} from {left.trigger} and from {right.trigger} on one ground: "
                "whichever runs out first would end it"
            )
            yield weak(where, message, "name the ground of each, or keep one of the two")
        elif _length(left) != _length(right):
            message = (
                f"{names} give {shared[0]} {_words(left)} and {_words(right)} on one ground, "
                "and nothing says which counts"
            )
            yield fails(where, message, "name the ground of each, or keep one of the two")


def _length(retention: Retention) -> tuple[object, ...]:
    return (retention.periods, retention.end_of)


def _words(retention: Retention) -> str:
    return " then ".join(period.in_words() for period in retention.periods)
