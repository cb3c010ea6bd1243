"""The register of processing that follows from this document has empty cells that the law demands.

GDPR 30(1) has each controller keep a register: who they are (a), what for (b), which persons and
data (c), who receives them (d), which transfers with which safeguards (e), and, where possible,
until when (f). A document from which it can be made is complete; where it cannot, the register
would have to be written by hand, and would soon say something else. Periods that are missing are
weak here: they are found one by one elsewhere.

Bad:

    --- policy.yaml
    purposes:
      service: {says: {en: Provide the service}, basis: [contract], data: [account, login, visit, invoice]}
      support: {says: {en: Help users}, basis: [contract]}

Good:

    --- policy.yaml
    purposes:
      service: {says: {en: Provide the service}, basis: [contract], data: [account, login, visit, invoice]}
      support: {says: {en: Help users}, basis: [contract], data: [account]}

Name the data of each purpose, the recipients of each category, and for each recipient outside the
EEA the transfer with its tool. All of it stands in the text, or should.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.register import at_home, register
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV910", law="GDPR 30(1)")
def check(view: View) -> Iterator[Finding]:
    """Derive the register, and report each row with an empty mandatory cell."""
    processing_register = register(view.policy, lambda country: at_home(view.policy, country, view.today))
    if not processing_register.controller:
        message = "the register cannot say how to reach the controller (a)"
        yield fails(view.key_spot("controller"), message, "email: … or postal: …")
    if not processing_register.activities:
        message = "the register has no row: the document names no purpose (b)"
        yield fails(
            view.key_spot("purposes"), message, "purposes: {service: {says: …, basis: […], data: […]}}"
        )
    for row in processing_register.activities:
        at = view.key_spot("purposes", row.purpose)
        if row.empty:
            message = f"the register’s row on {row.purpose} lacks {', '.join(row.empty)}"
            yield fails(at, message[:199], "name the data, the recipients and the transfers of this purpose")
        elif row.untimed:
            message = f"the register’s row on {row.purpose} lacks (f) the period of {', '.join(row.untimed)}"
            yield weak(at, message[:199], "say in the text how long they stay")
