"""The text changes language on its way, or does not speak that of those who read it.

Information has to be intelligible to those it is for (GDPR 12(1); WP 260 rev.01, 13): a site that
speaks French to its customers explains in French what it does with their data. Whom a site speaks
to is said by `readers`; where it is not, a text in an official language of the company’s country
passes.

Bad:

    --- policy.yaml
    text:
      languages: [en]
      readers: [en]
      elsewhere:
        - {language: fr, line: 1}

Good:

    --- policy.yaml
    text:
      languages: [en]
      readers: [en]

Publish one text for each language of the site, all from this document, and translate headings too.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.languages import official
from servanda.rules.engine.rule import Result, needs, rule, weak
from servanda.rules.engine.view import View


@rule("SV908", law="GDPR 12(1)", severity="advice")
def check(view: View) -> Iterator[Result]:
    """Find passages in another language, and compare the text’s languages with its readers’."""
    text = view.policy.text
    if text is None:
        yield needs("the languages of the text, and those of the people whom the sites speak to")
        return
    for i, passage in enumerate(text.elsewhere):
        message = f"line {passage.line} is in another language ({passage.language}) than the text"
        yield weak(view.value_spot("text", "elsewhere", i), message, "translate it")
    unread = [language for language in text.readers if language not in text.languages]
    if unread:
        message = f"the sites speak {', '.join(unread)}, and the text does not"
        yield weak(
            view.value_spot("text", "languages"), message, "publish the text in each language of the site"
        )
    country = view.policy.controller.country or view.policy.jurisdictions[0]
    if not text.readers and not text.elsewhere and not official(country) & set(text.languages):
        yield needs("the languages of the people whom the sites speak to")
