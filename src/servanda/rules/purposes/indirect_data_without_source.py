"""Data come from somebody else, and the text names no source or no day on which people are told.

GDPR 14(2)(f): the source, and whether it is public; 14(3): people are told within a month at the latest,
at the first message to them, or when the data are first passed on. A source that is not even
described, or told of after more than a month, fails; one that is described and not named, or
without a time, is weak.

Bad:

    --- policy.yaml
    collection:
      asked:
        - {data: account, need: contract, otherwise: {en: no account can be opened}}
      sources:
        prospects: {says: {en: Databases of prospects}, kind: database, data: [account]}

Good:

    --- policy.yaml
    collection:
      asked:
        - {data: account, need: contract, otherwise: {en: no account can be opened}}
      sources:
        prospects:
          says: {en: Register of companies}
          kind: public
          names: [INSEE Sirene]
          data: [account]
          told_at: first_contact

Name the source, and say when people hear of it; put the sentence into the first message to them.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.period import Period
from servanda.policy.collection import Collection, Origin
from servanda.rules.engine.rule import Finding, Result, fails, not_applicable, rule, weak
from servanda.rules.engine.view import View

_MONTH = Period(months=1)


@rule("SV207", law="GDPR 14(2)(f), 14(3)")
def check(view: View) -> Iterator[Result]:
    """Check each source other than the person."""
    sources = (view.policy.collection or Collection()).sources
    if not sources:
        yield not_applicable("no data come from anybody but the persons themselves")
    for name, origin in sources.items():
        yield from _source(view, name, origin)


def _source(view: View, name: str, origin: Origin) -> Iterator[Finding]:
    at = view.key_spot("collection", "sources", name)
    if origin.told_within is not None and not origin.told_within.never_longer_than(_MONTH):
        message = f"people are told of {name} within {origin.told_within.in_words()}; the law gives one month"
        judge = (
            fails if _MONTH.never_longer_than(origin.told_within) else weak
        )  # 30 days exceed a month only in February
        yield judge(
            view.value_spot("collection", "sources", name, "told_within"), message, "told_within: P1M"
        )
    if origin.kind == "unsaid":
        yield fails(at, f"{name}: the text does not say where these data come from", "kind: …, names: […]")
        return
    lacking = ["no source by name"] if not origin.names else []
    if origin.told_within is None and origin.told_at is None:
        lacking.append("no time at which people are told")
    if lacking:
        message = f"{name} gives data that the persons did not, and the text has {' and '.join(lacking)}"
        yield weak(at, message, "names: […], told_at: first_contact")
