"""A purpose rests on no legal basis, or on several without saying which part rests on which.

Each use of data needs one of the six bases of GDPR 6(1), and people must be told which (13(1)(c)): what they
may ask for depends on it, such as portability (20) and objection (21). Where a purpose has several
bases, each of its operations has its own.

Bad:

    --- policy.yaml
    purposes:
      service:
        says: {en: Provide the service}
        basis: [contract]
        data: [account, login, visit]
      billing:
        says: {en: Bill the service}
        data: [invoice]

Good:

    --- policy.yaml
    purposes:
      service:
        says: {en: Provide the service}
        basis: [contract]
        data: [account, login, visit]
      billing:
        says: {en: Bill the service}
        basis: [contract, legal_obligation]
        operations:
          - {says: {en: Write invoices}, basis: contract}
          - {says: {en: Keep the accounts}, basis: legal_obligation}
        laws: [C. com. L123-22]
        data: [invoice]

Name the basis of each purpose; split a purpose with several into its operations.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV202", law="GDPR 6(1), 13(1)(c)")
def check(view: View) -> Iterator[Finding]:
    """Find purposes without a basis, and those with several undistinguished bases."""
    purposes = view.policy.purposes
    if not purposes:
        yield fails(
            view.key_spot("purposes"), "the text states no purpose, and so no legal basis of any use of data"
        )
    for name, purpose in purposes.items():
        if not purpose.bases:
            message = f"the text names no legal basis for {name}"
            yield fails(
                view.key_spot("purposes", name), message, "basis: [contract], or another of GDPR 6(1)"
            )
        elif len(purpose.basis) > 1 and {part.basis for part in purpose.operations} != set(purpose.basis):
            words = ", ".join(word.replace("_", " ") for word in purpose.basis)
            message = f"{name} rests on {words} at once: nobody can tell which part rests on which"
            fix = "operations: [{says: …, basis: …}], one for each part"
            yield weak(view.value_spot("purposes", name, "basis"), message, fix)
