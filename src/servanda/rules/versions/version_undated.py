"""The text does not show its date, its number, or where earlier versions are.

People must be able to tell which text held when they gave their data, and the company to show it
(GDPR 12(1), 5(2)). A text without a date fails. One without a number, or without a way to the
versions before, is weak. Whether the page online is word for word the approved text cannot be
seen in this document.

Bad:

    --- policy.yaml
    version: {number: "1", effective_from: 2026-01-01, reviewed_at: 2026-01-01, prints: []}

Good:

    --- policy.yaml
    version:
      number: "1"
      effective_from: 2026-01-01
      reviewed_at: 2026-01-01
      prints: [date, number]
      earlier: https://www.example.org/privacy/versions

Print number and date at the top, and link to the versions before; `servanda policy keep` keeps
them.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV701", law="GDPR 12(1), 5(2)")
def check(view: View) -> Iterator[Finding]:
    """Check that the text prints its edition."""
    version = view.policy.version
    if "date" not in version.prints:
        message = "the text does not show the day from which it holds"
        yield fails(view.value_spot("version", "prints"), message, "print the date")
    lacks = ["a number"] if "number" not in version.prints else []
    lacks += ["a way to the versions before it"] if not version.earlier else []
    if lacks:
        message = (
            f"the text shows neither {' nor '.join(lacks)}"
            if len(lacks) > 1
            else f"the text shows not {lacks[0]}"
        )
        fix = "prints: [date, number], earlier: https://…"
        yield weak(view.key_spot("version"), message.replace("shows not a", "does not show a"), fix)
