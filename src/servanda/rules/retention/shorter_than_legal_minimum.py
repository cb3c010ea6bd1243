"""The text has data deleted before a law lets them go.

Accounts must keep vouchers for ten years from the end of the fiscal year (C. com. L123-22), a
trader electronic contracts of 120 euros and more with consumers for ten (C. conso L213-1), hosts of
public content civil identity for five (CPCE L34-1 II bis). Where data rest on several sentences,
the longest counts. The finding is weak where only the lower end of a range is too short, where
another sentence of the text keeps what a law demands, or where the duty depends on what the company
does and `business` does not say it.

Bad:

    --- policy.yaml
    categories:
      ledger: {says: {en: Vouchers}, audience: customers, fields: [amount], tags: [accounting]}
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: We delete all of it three years after the contract ends.}
        published: {period: P3Y}
        stated:
          - {data: [ledger, account, login, visit, invoice], period: P3Y, since: [contract_end], end: [delete]}
        enforced:
          - data: [ledger, account, login, visit, invoice]
            trigger: closed
            active: P3Y
            ground: {choice: disputes}

Good:

    --- policy.yaml
    categories:
      ledger: {says: {en: Vouchers}, audience: customers, fields: [amount], tags: [accounting]}
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: We delete all of it ten years after the fiscal year in which the contract ends.}
        published: {period: P10Y}
        stated:
          - {data: [ledger, account, login, visit, invoice], period: P10Y, since: [fiscal_year_end], end: [delete]}
        enforced:
          - data: [ledger, account, login, visit, invoice]
            trigger: closed
            active: P10Y
            ground: {law: FR/c-com/L123-22}

Give what a law speaks of a sentence and a period of its own, in an archive if it is not in use any
more; the rest can go earlier. What is enforced already follows the law, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.facts import Limit, countries_of, minima
from servanda.law.period import Period
from servanda.policy.policy import Policy
from servanda.policy.stated import Stated
from servanda.rules.engine.rule import Result, fails, needs, rule, weak
from servanda.rules.engine.view import View


@rule("SV113", law="C. com. L123-22; LPF L102 B; CPCE L34-1 II bis; C. conso L213-1")
def check(view: View) -> Iterator[Result]:
    """Compare the longest period of each tagged category with the minima of the jurisdictions."""
    statements = [s.stated for s in view.policy.statements() if s.stated.clause != "exception"]
    if not any(stated.period for stated in statements):
        yield needs("the periods in figures that the text does not give")
        return
    for name, category in view.policy.categories.items():
        figures = [stated for stated in statements if stated.period and stated.covers(name)]
        if category.role == "processor" or not figures:
            continue
        for tag in category.tags:
            for limit in minima(tag, view.policy.jurisdictions, view.today):
                yield from _compare(view, name, figures, limit)
            known = countries_of(tag)
            lacking = [c for c in view.policy.jurisdictions if c != "EU" and known and c not in known]
            if lacking:
                yield needs(
                    f"the law of {', '.join(lacking)} on data of {tag}: the tables of law do not have it"
                )


def _compare(view: View, name: str, figures: list[Stated], limit: Limit) -> Iterator[Result]:
    applies = _applies(view.policy, limit)
    low, high = _longest([s.low for s in figures]), _longest([s.high for s in figures])
    if applies is False or limit.period.never_longer_than(low):
        return
    at, fix = (
        view.key_spot("categories", name),
        f"keep them apart for {limit.period.in_words()} ({limit.ground})",
    )
    source, problem = f"{limit.period.in_words()} of {limit.ground}", f"{name}: gone after {high.in_words()}"
    if limit.period.never_longer_than(high):
        yield weak(
            at, f"{name}: may go after {low.in_words()}, the lower end of a range, before the {source}", fix
        )
    elif applies is None:
        yield weak(at, f"{problem}; if the company is concerned, the {source} must pass first", fix)
    elif _lifted(view.policy, name):
        yield weak(at, f"{problem}, before the {source}; only a general clause keeps them", fix)
    else:
        yield fails(at, f"{problem}, before the {source} have passed", fix)


def _longest(periods: list[Period | None]) -> Period:
    return max((period for period in periods if period is not None), key=Period.in_days, default=Period())


def _applies(policy: Policy, limit: Limit) -> bool | None:
    """Return whether the duty applies to the company; None if its business is not declared."""
    if not limit.when:
        return True
    business = policy.business
    conditions = {
        "operator_or_host": business.hosts_public_content,
        "b2c_electronic_120": business.sells_to_consumers,
    }
    return conditions.get(limit.when)


def _lifted(policy: Policy, name: str) -> bool:
    """Return whether another statement keeps these data as long as a law requires."""
    return any(s.stated.covers(name) and "law" in s.stated.lasts for s in policy.statements())
