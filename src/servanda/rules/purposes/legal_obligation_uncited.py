"""A legal obligation is invoked, and the text that creates it is not cited.

GDPR 6(1)(c) and 6(3) ask for a law of the Union or of a State, which “legal obligations” does not name: nobody
can look up what must be kept, or for how long. Where no law is cited anywhere the rule fails; where
some are, what is left is weak.

What counts as an obligation is a use of data that a law demands: data are kept, handed over, asked for or
shown to the person. A general promise to follow the law and a duty of security use no data, so they are no
obligations, and to name the GDPR in general cites nothing for one. An article that is given for a right counts,
since to answer a person is a use of data. Which sentences these are is judged by whoever writes the document.

Bad:

    --- policy.yaml
    purposes:
      service:
        says: {en: Provide the service}
        basis: [contract]
        data: [account, login, visit]
      accounts:
        says: {en: Keep the accounts}
        basis: [legal_obligation]
        data: [invoice]

Good:

    --- policy.yaml
    purposes:
      service:
        says: {en: Provide the service}
        basis: [contract]
        data: [account, login, visit]
      accounts:
        says: {en: Keep the accounts}
        basis: [legal_obligation]
        laws: [C. com. L123-22]
        data: [invoice]

Cite the article beside the obligation, under `laws` of the purpose or of the sentence in
`obligations`.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.errors import Spot
from servanda.rules.engine.rule import Result, fails, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV204", law="GDPR 6(1)(c), 6(3)", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Find legal obligations without a citation."""
    duties = list(_duties(view))
    if not duties:
        yield not_applicable("no legal obligation is invoked")
    judge = weak if any(laws for _, _, laws in duties) else fails
    for at, duty, laws in duties:
        if not laws:
            yield judge(at, f"{duty}: the text says that the law demands it, and cites no law", "laws: […]")


def _duties(view: View) -> Iterator[tuple[Spot, str, list[str]]]:
    language = view.policy.languages[0]
    for name, purpose in view.policy.purposes.items():
        if "legal_obligation" in purpose.bases:
            yield view.value_spot("purposes", name, "basis"), name, purpose.laws
    for i, duty in enumerate(view.policy.obligations):
        yield view.value_spot("obligations", i), duty.says.say(language), duty.laws
