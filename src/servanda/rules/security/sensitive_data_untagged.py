"""Data that need more care than others have no measure of their own, or are not even marked.

Health, beliefs and the like (GDPR 9), offences (10), national numbers (87) and copies of identity
documents harm a person most; cards, bank accounts, location and recorded calls come next. They take
reinforced measures (32(1)), so that the document has to say which data they are (`sensitivity`) and
which measure is for them (`security`). A field whose name betrays it is found even where nobody has
marked it.

Bad:

    --- policy.yaml
    categories:
      identity-proof: {says: {en: Proofs of identity}, audience: customers, sensitivity: [identity-document]}

Good:

    --- policy.yaml
    categories:
      identity-proof: {says: {en: Proofs of identity}, audience: customers, sensitivity: [identity-document]}
    security:
      - {kind: short-period, data: [identity-proof], line: 31}

Do without them where you can; else mark them, and write down what protects them: encryption, few
readers, a short period, a provider that keeps them. A copy of an identity document goes once it is
checked.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.categories import GRAVE, sensitive
from servanda.rules.engine.rule import Result, fails, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV603", law="GDPR 9, 10, 87, 32; LIL 46", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Find sensitive categories without a measure, unmarked fields, and sensitive data mentioned in passing."""
    measured = {name for measure in view.policy.security for name in measure.data}
    nothing = True
    for name, category in view.policy.categories.items():
        if category.role == "processor":
            continue
        betrayed = {
            kind: f for kind, f in sensitive(category.fields).items() if kind not in category.sensitivity
        }
        nothing = nothing and not betrayed and not category.sensitivity
        for kind, field in betrayed.items():
            judge = fails if kind in GRAVE else weak
            message = f"{name}: the field {field} is not marked as sensitive ({kind})"
            yield judge(view.key_spot("categories", name), message, f"sensitivity: [{kind}]")
        if category.sensitivity and name not in measured and category.held_by is None:
            judge = fails if GRAVE & set(category.sensitivity) else weak
            kinds = ", ".join(category.sensitivity)
            message = f"{name} is sensitive ({kinds}), and the text states no measure for it"
            yield judge(
                view.key_spot("categories", name), message, f"security: [{{kind: …, data: [{name}]}}]"
            )
    for name, mention in view.policy.mentions.items():
        if mention.sensitivity:
            nothing = False
            message = f"{name}, which the text names in passing, is sensitive, and has no measure of its own"
            yield weak(
                view.key_spot("mentions", name), message, "make it a category with a period and a measure"
            )
    if nothing:
        yield not_applicable("no sensitive data are processed")
