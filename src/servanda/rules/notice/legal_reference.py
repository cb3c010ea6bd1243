"""The text cites an article that does not exist, or that is about something else.

Whoever looks a reference up and finds another subject can no longer trust the rest (GDPR 12(1),
5(1)(a)). A law that has since handed a subject to another one misleads too: access to one’s data
has been a right of the GDPR since 2018-05-25, no longer of the French act as such. A law of which
Servanda has no table is left undecided.

Bad:

    --- policy.yaml
    text:
      languages: [en]
      readers: [en]
      citations:
        - {law: GDPR, article: "5", topic: erasure, line: 70}

Good:

    --- policy.yaml
    text:
      languages: [en]
      readers: [en]
      citations:
        - {law: GDPR, article: "17(1)", topic: erasure, line: 70}

Cite the article that says it, or none: a plain sentence on the right is worth more than its number.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.articles import WHOLLY_KNOWN, known, topics
from servanda.rules.engine.rule import Result, fails, needs, rule, weak
from servanda.rules.engine.view import View


@rule("SV909", law="GDPR 12(1), 5(1)(a)", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Look up each citation in the table of articles."""
    if view.policy.text is None:
        return
    for i, citation in enumerate(view.policy.text.citations):
        at = view.value_spot("text", "citations", i)
        name = f"{citation.law} {citation.article}" if citation.article else citation.law
        about = topics(citation.law, citation.article or "", view.today)
        if not known(citation.law) or (about is None and citation.law not in WHOLLY_KNOWN):
            yield needs(f"what {name} is about: Servanda has no table of it")
        elif about is None:
            message = f"line {citation.line} cites {name}, which does not exist"
            yield fails(at, message, "cite the article that says it, or none")
        elif citation.topic not in about:
            subject = ", ".join(sorted(about)[:4])
            message = f"line {citation.line} cites {name} for {citation.topic}, and it is about {subject}"
            yield weak(at, message, "cite the article that says it, or none")
