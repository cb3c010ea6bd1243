"""Nobody has read the policy through for a year.

Practice moves on, and the text with it: measures are reviewed and brought up to date (GDPR 24(1),
5(2)). One year without a review is weak; two years fail. A text that holds for less than a year
has been read when it was written; of an older one without `reviewed_at` nobody knows, which is
weak: it may have been read and not noted. If silence failed, every text would fail a year after its first
day; if it passed, nothing would ever be found. An old text without a record is therefore only advised upon.

Bad:

    --- policy.yaml
    version:
      number: "1"
      effective_from: 2023-01-01
      reviewed_at: 2024-03-01
      prints: [date, number]
      earlier: https://www.example.org/privacy/versions

Good:

    --- policy.yaml
    version:
      number: "1"
      effective_from: 2023-01-01
      reviewed_at: 2026-06-01
      prints: [date, number]
      earlier: https://www.example.org/privacy/versions

Read it through once a year, against what is really done, and note the day, also where nothing had
to change.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from servanda.law.period import Period
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View

_YEAR = Period(years=1)
_TWO_YEARS = Period(years=2)


@rule("SV704", law="GDPR 5(2), 24(1)", severity="warning")
def check(view: View) -> Iterator[Finding]:
    """Check the age of the last review, or of the edition."""
    version = view.policy.version
    fix = f"reviewed_at: {view.today}, once it was read through"
    if version.reviewed_at is None:
        if date.fromisoformat(version.effective_from) + _YEAR < view.today:
            message = (
                f"the text holds since {version.effective_from}, and nothing says when it was last reviewed"
            )
            yield weak(view.value_spot("version", "effective_from"), message, fix)
        return
    reviewed = date.fromisoformat(version.reviewed_at)
    at = view.value_spot("version", "reviewed_at")
    if reviewed + _TWO_YEARS < view.today:
        yield fails(at, f"the text was last reviewed on {reviewed}, more than two years ago", fix)
    elif reviewed + _YEAR < view.today:
        yield weak(at, f"the text was last reviewed on {reviewed}, more than a year ago", fix)
