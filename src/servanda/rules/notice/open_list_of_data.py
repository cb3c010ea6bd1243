"""Lists of data are left open: “etc.”, “…”, “other similar information”.

People are told which data are used (GDPR 12(1), 13(1); in the register, 30(1)(c)). What may hide
behind “etc.” cannot be checked by anybody, nor by a program that compares the list with a database.
Where most lists of a text are open the rule fails; where some are, the findings are weak.

Bad:

    --- policy.yaml
    categories:
      device: {says: {en: Devices}, audience: customers, fields: [browser, screen], open: etc.}

Good:

    --- policy.yaml
    categories:
      device: {says: {en: Devices}, audience: customers, fields: [browser, screen, language]}

Write all of it down: the drift of stores against the document shows what is missing. If the list is
too long for the text, its headings can be wider, as long as everything belongs under one.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View


@rule("SV907", law="GDPR 12(1), 13(1)", severity="warning")
def check(view: View) -> Iterator[Finding]:
    """Count the lists of data (categories of one line are one list), and the open ones."""
    listed = {name: c for name, c in view.policy.categories.items() if c.listed and c.fields}
    if any(category.line for category in listed.values()):
        listed = {name: category for name, category in listed.items() if category.line}
    lists = {category.line or name for name, category in listed.items()}
    ajar: dict[int | str, str] = {}
    for name, category in listed.items():
        if category.open:
            ajar.setdefault(category.line or name, name)
    judge = fails if 2 * len(ajar) >= len(lists) else weak
    for name in ajar.values():
        message = (
            f"the list of {name} is left open (“{listed[name].open}”): {len(ajar)} of {len(lists)} lists are"
        )
        yield judge(
            view.value_spot("categories", name, "open"), message, "name all of it, or widen the heading"
        )
