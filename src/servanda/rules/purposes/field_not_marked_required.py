"""People are asked for data without being told which they must give, and what follows if they do not.

GDPR 13(2)(e): whether data are required by law or for a contract, or optional, and the possible
consequence of not giving them. A text that says it of no field fails; one that says it of some, or
leaves out the consequence, is weak.

Bad:

    --- policy.yaml
    collection:
      forms:
        sign-up: {says: {en: Sign-up form}, data: account}

Good:

    --- policy.yaml
    collection:
      forms:
        sign-up: {says: {en: Sign-up form}, data: account}
      asked:
        - {data: account, fields: [email], need: contract, otherwise: {en: no account can be opened}}
        - {data: account, fields: [name], need: optional}

Mark the fields of each form, in the form and in the text, with an asterisk and a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.collection import Collection, Form
from servanda.policy.policy import Policy
from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV205", law="GDPR 13(2)(e)", severity="warning")
def check(view: View) -> Iterator[Finding]:
    """Compare the fields of each form with the statements on required data."""
    collection = view.policy.collection or Collection()
    if not collection.asked:
        path = ("collection", "forms") if collection.forms else ("collection",)
        message = "the text says of no field whether it is required or optional"
        fix = "collection: {asked: [{data: …, need: contract, otherwise: {en: …}}]}"
        yield fails(view.key_spot(*path), message, fix)
        return
    for name, form in collection.forms.items():
        open_ = [field for field in _fields(view.policy, form) if not _marked(collection, *field)]
        if open_:
            words = ", ".join(field for _, field in open_)
            message = f"{name} asks for {words}, and the text does not say whether they must be given"
            yield weak(
                view.key_spot("collection", "forms", name), message, "name them under asked: with their need"
            )
    for i, entry in enumerate(collection.asked):
        if entry.need != "optional" and entry.otherwise is None:
            message = f"the text does not say what follows if {', '.join(entry.data)} are not given"
            yield weak(view.value_spot("collection", "asked", i), message, "otherwise: {en: …}")


def _fields(policy: Policy, form: Form) -> Iterator[tuple[str, str]]:
    """Yield each field of a form with its category; the category itself if it has no fields."""
    for category in form.data:
        fields = policy.categories[category].fields or [category]
        yield from ((category, field) for field in fields if not form.fields or field in form.fields)


def _marked(collection: Collection, category: str, field: str) -> bool:
    return any(
        category in entry.data and (not entry.fields or field in entry.fields) for entry in collection.asked
    )
