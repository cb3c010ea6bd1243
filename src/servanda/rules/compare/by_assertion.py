"""A promise on minors (`keep: enforce`) with an assertion in stores.yaml: the rows are counted now.

assert: {born: birth_date, under: 15, consent: consents, promise: …}   ─▶ kept, or broken with the count
"""

from __future__ import annotations

from datetime import datetime

from servanda.policy.promise import Promise
from servanda.policy.promise_status import PromiseStatus
from servanda.rules.compare.by_rule import rule_result
from servanda.rules.compare.comparison import Comparison
from servanda.stores.document.assertion import Minor

_RULE = "assertion-broken"


def status_of(comparison: Comparison, promise: Promise, now: datetime) -> PromiseStatus | None:
    """The status of a promise on minors that an assertion names, or None for any other promise."""
    if promise.kind != "minors" or promise.keep != "enforce":
        return None
    parts = [
        f"stores.{store}.places.{name}.assert"
        for store, entry in comparison.stores.stores.items()
        for name, place in entry.places.items()
        if any(
            isinstance(assertion, Minor) and assertion.promise == promise.id for assertion in place.assert_
        )
    ]
    if not parts:
        return None
    (rule,) = comparison.rules(_RULE)
    result = rule_result(comparison, rule, parts)
    if result.state != "checked":
        return PromiseStatus(promise, result.state, ", ".join(parts), result.why)
    why = "no account of a child is in use without a consent on record, counted now"
    return PromiseStatus(promise, "kept", ", ".join(parts), why, now, evidence={"counted": parts})
