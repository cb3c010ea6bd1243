"""Consent is asked for, and what is kept of it would not prove it.

The company must be able to show that a person consented (GDPR 7(1)): who, when, to which version of
which text, by which mechanism, for which purpose, and whether it still stands. No text says so; it is a record
of the company’s, under `records` of each consent.

Bad:

    --- policy.yaml
    consents:
      newsletter:
        says: {en: Whoever ticks the box receives the newsletter}
        act: [box]
        withdrawal: [{channels: [message_link]}]
        records: [who, when]

Good:

    --- policy.yaml
    consents:
      newsletter:
        says: {en: Whoever ticks the box receives the newsletter}
        act: [box]
        withdrawal: [{channels: [message_link]}]
        records: [who, when, text, mechanism, purpose, state]

Keep all six for every consent, and keep what was true when it was given: the text in its version.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from servanda.policy.consents import Proof
from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule
from servanda.rules.engine.view import View


@rule("SV215", law="GDPR 7(1)")
def check(view: View) -> Iterator[Result]:
    """Compare the recorded proofs with the required ones."""
    consents = view.policy.consents
    if not consents:
        yield not_applicable("no consent is asked")
    for name, consent in consents.items():
        if consent.records is not None:
            lacking = [proof for proof in get_args(Proof) if proof not in consent.records]
            if lacking:
                message = f"{name}: nothing is kept that shows {', '.join(lacking)}"
                yield fails(
                    view.value_spot("consents", name, "records"),
                    message,
                    f"records: [… {', '.join(lacking)}]",
                )
    unknown = [name for name, consent in consents.items() if consent.records is None]
    if unknown:
        yield needs(f"which proofs of consent are kept (records), for {', '.join(unknown)}")
