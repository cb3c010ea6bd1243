"""The text prints another address for the authority than the authority's own, or leaves it empty.

Who wants to complain needs an address that works (GDPR 13(2)(d), 77). What is printed is compared with the
table of authorities as of the day that is asked for: a postal address must hold everything that
the table's has, a telephone number must be the same. A text that prints no address has none
that could be wrong.

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
      authority:
        name: CNIL
        named_for: [complaints]
        postal: 8 rue Vivienne, 75083 Paris Cedex 02
        line: 47

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
      authority:
        name: CNIL
        named_for: [complaints]
        postal: 3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07
        line: 47
      after_death: {by: [person], fate: {en: Data are deleted after a year}, line: 48}

Copy the address from the authority's site, or print none and link to its form for complaints:
`servanda facts authorities` shows both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from servanda.law.facts import Authority, authority
from servanda.policy.rights import PrintedAuthority
from servanda.rules.engine.rule import Finding, Result, fails, needs, not_applicable, rule
from servanda.rules.engine.view import View

_NATIONAL = 9
"""The number of trailing digits of a telephone number that do not depend on the country code."""


@rule("SV316", law="GDPR 13(2)(d)", severity="warning")
def check(view: View) -> Iterator[Result]:
    """Compare the printed address with the table of authorities."""
    rights = view.policy.rights
    printed = rights.authority
    if printed is None or not (printed.announced or "complaints" in printed.named_for):
        yield not_applicable("the text names no authority for complaints")
        return
    for way in printed.announced:
        at = view.value_spot("rights", "authority", "announced")
        label = {"phone": "telephone number", "postal": "postal address", "url": "web address"}[way]
        yield fails(at, f"the {label} of {printed.name} is announced and left empty", f"{way}: …")
    if printed.postal or printed.phone:
        entry = authority(printed.name, view.today)
        if entry is None:
            yield needs(f"the address of {printed.name}: it is not in the tables of law")
        else:
            yield from _compared(view, printed, entry)


def _compared(view: View, printed: PrintedAuthority, entry: Authority) -> Iterator[Finding]:
    if printed.postal and not _words(entry.postal) <= _words(printed.postal):
        message = f"the postal address of {printed.name} is {entry.postal}, and not this one"
        yield fails(view.value_spot("rights", "authority", "postal"), message, f"postal: {entry.postal}")
    if printed.phone and _number(printed.phone) != _number(entry.phone):
        message = f"the telephone number of {printed.name} is {entry.phone}, and not this one"
        yield fails(view.value_spot("rights", "authority", "phone"), message, f"phone: {entry.phone}")


def _words(address: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", address).encode("ascii", "ignore").decode().casefold()
    return set(re.findall(r"\w+", plain))


def _number(phone: str) -> str:
    return "".join(re.findall(r"\d", phone))[-_NATIONAL:]
