"""A promise that stores.yaml asserts of rows, and that somebody has to keep every day: that it is so now is counted.

assert: {born: birth_date, under: 15, consent: consents, promise: …}   ─▶ kept, or broken with the count
"""

from __future__ import annotations

from datetime import datetime

from servanda.policy.promise import Promise
from servanda.policy.status import PromiseStatus
from servanda.rules.compare.by_rule import decided
from servanda.rules.compare.looking import Comparison
from servanda.stores.document.assertion import Minor

_RULE = "assertion-broken"


def standing(looking: Comparison, promise: Promise, now: datetime) -> PromiseStatus | None:
    """How a promise stands that an assertion on children is about; None for every other."""
    if promise.kind != "minors" or promise.keep != "enforce":
        return None
    parts = [
        f"stores.{store}.places.{name}.assert"
        for store, entry in looking.stores.stores.items()
        for name, place in entry.places.items()
        if any(isinstance(said, Minor) and said.promise == promise.id for said in place.assert_)
    ]
    if not parts:
        return None
    (rule,) = looking.rules(_RULE)
    seen = decided(looking, rule, parts)
    if seen.state != "checked":
        return PromiseStatus(promise, seen.state, ", ".join(parts), seen.why)
    why = "no account of a child is in use without a consent on record, counted now"
    return PromiseStatus(promise, "kept", ", ".join(parts), why, now, evidence={"counted": parts})
