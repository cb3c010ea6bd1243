"""A class of recipients has nobody behind it whom the company could name.

A notice may speak of “payment providers”; but whoever asks to whom their own data went must be told
the names, unless they cannot be known (GDPR 15(1)(c); CJEU C-154/21, Österreichische Post). So
behind every class there has to be a list. It need not be published: it stands under `members`.

Bad:

    --- policy.yaml
    recipients:
      surveyors:
        says: {en: Survey firms}
        kind: controller
        country: FR
        members: []
        data: [account]
        told_by: e-mail

Good:

    --- policy.yaml
    recipients:
      surveyors:
        says: {en: Survey firms}
        kind: controller
        country: FR
        members: [Ask SARL]
        data: [account]
        told_by: e-mail

Write the names under `members`, and keep them up to date; answers to requests are made from them.
Authorities that act in a single case, and the company’s own staff, are no recipients in this sense.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule
from servanda.rules.engine.view import View


@rule("SV512", law="GDPR 15(1)(c); CJEU C-154/21")
def check(view: View) -> Iterator[Result]:
    """Check that every unnamed class of external recipients has members."""
    outside = {name: r for name, r in view.policy.recipients.items() if r.outside}
    if not outside:
        yield not_applicable("no other company receives data")
    unnamed = [name for name, r in outside.items() if not r.names and r.members is None]
    if unnamed:
        yield needs(f"the names behind {', '.join(unnamed)}")
    for name, recipient in outside.items():
        if not recipient.names and recipient.members == []:
            message = f"{name} has nobody behind it whom the company could name to those who ask"
            yield fails(
                view.value_spot("recipients", name, "members"), message, "members: the companies’ names"
            )
