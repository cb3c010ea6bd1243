"""What nothing here can compare: it says what is missing, and is never more than not yet."""

from __future__ import annotations

from servanda.policy.checked import Wanting
from servanda.policy.promise import Promise
from servanda.rules.compare.check import Seen, check, not_yet
from servanda.rules.compare.looking import Comparison


@check(Wanting)
def wanting(looking: Comparison, promise: Promise, said: Wanting) -> Seen:
    """Say what is missing."""
    del looking, promise
    if said.site:
        return not_yet(f"needs a look at the live site: {said.site}")
    if said.document:
        return not_yet(f"needs a document that the company has not given: {said.document}")
    return not_yet(f"needs evidence: {said.evidence}")
