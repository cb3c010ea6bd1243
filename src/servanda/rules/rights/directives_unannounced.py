"""The text does not say what happens to data after death, or who decides about it.

In France everybody may leave directives on what becomes of their data after death, general or for
one company, and is told of that right (LIL 48, 85). A service on the Internet also tells its
users what becomes of the data of somebody who left none (85 III): where that is missing, the text
is weak. The law holds for French companies and for whoever lives in France: where the site of a
foreign company ends in .fr it may apply, and its silence is weak: the domain is a sign that there are such
persons, and no proof. A foreign site under another domain is not found; where it speaks to France, write
`FR` among its `jurisdictions`.

Bad:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {line: 41}
      erasure: {line: 42}
      restriction: {line: 43}
      objection: {stands: heading, line: 44}
      portability: {formats: [json], line: 45}
      complaint: {to: CNIL, line: 47}

Good:

    --- policy.yaml
    rights:
      access: {line: 40}
      rectification: {line: 41}
      erasure: {line: 42}
      restriction: {line: 43}
      objection: {stands: heading, line: 44}
      portability: {formats: [json], line: 45}
      complaint: {to: CNIL, line: 47}
      after_death: {by: [person, heir], fate: {en: Accounts are closed and emptied after a year}, line: 48}

Announce the right, say where directives are left, and say what happens to an account without any.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from servanda.policy.policy import Policy
from servanda.rules.engine.rule import Result, fails, not_applicable, rule, weak
from servanda.rules.engine.view import View

_FIX = "after_death: {by: [person], fate: {en: …}}"


@rule("SV317", law="LIL 48, 85")
def check(view: View) -> Iterator[Result]:
    """Check that directives are announced if French law applies or may apply."""
    policy = view.policy
    after_death = policy.rights.after_death
    french = "FR" in policy.jurisdictions
    if not french and not _speaks_to_france(policy):
        yield not_applicable("neither the company nor its site is French")
    elif after_death is None or not after_death.by:
        at = view.key_spot("rights") if after_death is None else view.key_spot("rights", "after_death")
        message = "the text announces no directives on what happens to data after death"
        if french:
            yield fails(at, message, _FIX)
        else:
            yield weak(at, f"{message}, which persons in France may leave", _FIX)
    elif after_death.fate is None:
        message = "the text does not say what becomes of the data of somebody who left no directives"
        yield weak(view.value_spot("rights", "after_death"), message, "fate: {en: …}")


def _speaks_to_france(policy: Policy) -> bool:
    """Return whether the site or a form of the company is under .fr."""
    addresses = (policy.controller.url, policy.controller.form)
    hosts = [urlsplit(address).hostname or "" for address in addresses if address]
    return any(host.endswith(".fr") for host in hosts)
