"""Data are collected for no purpose that the text states, or for one so general that it says nothing.

People must be told what their data are used for (GDPR 13(1)(c)), and data may be collected for
specified and explicit purposes only (5(1)(b)): “to improve our services” alone does not tell
anybody what is done (Article 29 Working Party, WP 203). A text without any purpose fails; a category
that no purpose uses, and a general purpose, are weak. Data of other controllers are not looked at.

Bad:

    --- policy.yaml
    purposes:
      service:
        says: {en: Provide the service}
        basis: [contract]
        data: [account, login, invoice]

Good:

    --- policy.yaml
    purposes:
      service:
        says: {en: Provide the service}
        basis: [contract]
        data: [account, login, invoice]
      visitors:
        says: {en: Count the visits to each page}
        basis: [legitimate_interest]
        interest: {en: to know which pages are useful}
        balanced_on: 2026-01-05
        data: [visit]

Say what each category serves, as an activity that a reader can picture, or stop collecting it.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV201", law="GDPR 13(1)(c), 5(1)(b)")
def check(view: View) -> Iterator[Finding]:
    """Compare the categories that the text lists with those that its purposes use."""
    purposes = view.policy.purposes
    if not purposes:
        yield fails(
            view.key_spot("purposes"),
            "the text states no purpose at all",
            "purposes: {…: {says: …, data: […]}}",
        )
        return
    used = {name for purpose in purposes.values() for name in purpose.data}
    for name, category in view.policy.categories.items():
        if category.listed and category.role == "controller" and name not in used:
            message = f"no purpose of the text uses {name}: nobody is told why it is collected"
            yield weak(view.key_spot("categories", name), message, f"name {name} in the data of a purpose")
    for name, purpose in purposes.items():
        if purpose.generic:
            message = f"{name} is a general aim, and says nothing of what is done with data"
            yield weak(view.key_spot("purposes", name), message, "say what is done, with which data")
