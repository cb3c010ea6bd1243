"""A promise that cannot be compared from here: the result is `not_yet`, with what is missing."""

from __future__ import annotations

from servanda.policy.checked import Wanting
from servanda.policy.promise import Promise
from servanda.rules.compare.check import CheckResult, check, not_yet
from servanda.rules.compare.comparison import Comparison


@check(Wanting)
def wanting(comparison: Comparison, promise: Promise, spec: Wanting) -> CheckResult:
    """Name the missing site check, document or evidence."""
    del comparison, promise
    if spec.site:
        return not_yet(f"needs a look at the live site: {spec.site}")
    if spec.document:
        return not_yet(f"needs a document that the company has not given: {spec.document}")
    return not_yet(f"needs evidence: {spec.evidence}")
