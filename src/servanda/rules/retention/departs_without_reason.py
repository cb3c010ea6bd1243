"""What is enforced is not what was published, and nobody says why or answers for it.

People were told one thing and another is done. That can be right, as where the law asks
to keep invoices longer than the text says, or where the text is vague and somebody had to
choose. But whoever asks must find the reason and a name (GDPR 5(2), accountability; 13(2)(a)).

Bad:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        name: old-accounts
        kind: retention
        keep: enforce
        line: 12
        says: {en: Accounts stay for five years.}
        published: {period: P5Y}
        enforced:
          - data: account
            trigger: account_closure
            active: P3Y
            end: delete
            ground: {choice: disputes about a contract}

Good:

    --- policy.yaml
    promises:
      - id: TEST-RET-01
        name: old-accounts
        kind: retention
        keep: enforce
        line: 12
        says: {en: Accounts stay for five years.}
        published: {period: P5Y}
        enforced:
          - data: account
            trigger: account_closure
            active: P3Y
            end: delete
            ground: {choice: disputes about a contract}
            owner: dpo
            because: {en: "Disputes really take three years; the text will follow with the next edition."}

Add `because` and `owner` to the retention, or mend the text of the policy, which is better
where it is simply wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.period import Period
from servanda.policy.values import periods_in
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV102", law="GDPR 5(2), 13(2)(a)")
def check(view: View) -> Iterator[Finding]:
    """Find retentions with a period that the text does not state, and no reason or owner."""
    for promise in view.policy.promises:
        published = set(periods_in(promise.published))
        for i, item in enumerate(promise.enforced):
            if promise.keep != "enforce" or item not in promise.retentions:
                continue
            retention = next(r for r in promise.retentions if r is item)
            periods = {period for period in retention.periods if period != Period()}
            if not periods or (published and periods <= published):  # at once is never longer than stated
                continue
            lacking = [word for word in ("owner", "because") if getattr(retention, word) is None]
            if not lacking:
                continue
            periods_text = " then ".join(period.in_words() for period in retention.periods)
            text = "gives no exact period" if not published else "gives another period"
            message = f"{promise.name} enforces {periods_text}, its text {text}, and {' and '.join(lacking)} is missing"
            fix = "; ".join({"owner": "owner: dpo", "because": "because: {en: …}"}[word] for word in lacking)
            judge = fails if "owner" in lacking else weak
            yield judge(view.policy.at(promise, "enforced", i, "active"), message, fix)
