"""Nothing shows that a breach of security would be dealt with in time.

From the moment a company knows of a breach it has 72 hours to notify the authority (GDPR 33(1)),
and writes every breach down, notified or not (33(5)). Whoever looks for the telephone number then
is late: a register, a contact and a rehearsal within the last twelve months are records of the
company’s.

Bad:

    --- policy.yaml
    breaches: {contact: dpo@example.org, register_at: the breach register, rehearsed_on: 2024-05-02}

Good:

    --- policy.yaml
    breaches: {contact: dpo@example.org, register_at: the breach register, rehearsed_on: 2026-05-02}

Rehearse it once a year: an invented breach on a Friday evening, with the clock running.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from servanda.law.period import Period
from servanda.rules.engine.rule import Result, fails, needs, rule
from servanda.rules.engine.view import View

_YEAR = Period(years=1)


@rule("SV602", law="GDPR 33, 34", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Check contact, register, rehearsal, and the age of the rehearsal."""
    breaches = view.policy.breaches
    required = {
        "contact": "who is called",
        "register_at": "the register",
        "rehearsed_on": "the last rehearsal",
    }
    missing = [words for key, words in required.items() if not (breaches and getattr(breaches, key))]
    if missing:
        yield needs(f"what is ready for a breach: {', '.join(missing)}")
    if breaches and breaches.rehearsed_on:
        day = date.fromisoformat(breaches.rehearsed_on)
        if _YEAR + day < view.today:
            message = f"what to do in a breach was last rehearsed on {day}, more than a year ago"
            yield fails(
                view.value_spot("breaches", "rehearsed_on"), message, "rehearse it, and write down the day"
            )
