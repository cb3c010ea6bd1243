"""A promise on the date of the text: the edition in force applies from the printed day."""

from __future__ import annotations

from datetime import date

from servanda.policy.checked import ByVersion
from servanda.policy.promise import Promise
from servanda.rules.compare.check import CheckResult, broken, check, checked
from servanda.rules.compare.comparison import Comparison


@check(ByVersion)
def by_version(comparison: Comparison, promise: Promise, spec: ByVersion) -> CheckResult:
    """Compare the printed date with the first day of the edition."""
    del promise
    version = comparison.policy.version
    if version.effective_from != spec.version:
        return broken(
            f"edition {version.number} holds from {version.effective_from}, and the text prints {spec.version}"
        )
    if date.fromisoformat(version.effective_from) > comparison.view.today:
        return broken(f"edition {version.number} holds only from {version.effective_from}")
    return checked(f"edition {version.number} holds from {version.effective_from}")
