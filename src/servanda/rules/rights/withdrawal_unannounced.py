"""The text does not say that consent can be taken back, or says it of some consents only.

Whoever is asked for consent is told beforehand that they can withdraw it at any time (GDPR 7(3), 13(2)(c)). It may be
said once for all, under `rights`, or of each consent, under `consents`. A text that says it nowhere
fails as soon as anything rests on consent; one that says it of the newsletter and not of the tracking is
weak. Whether the way to withdraw works is looked at by another rule.

Bad:

    --- policy.yaml
    purposes:
      service: {says: {en: Provide the service}, basis: [contract], data: [account, login, visit, invoice]}
      news: {says: {en: Send news}, basis: [consent], data: [account]}
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
    purposes:
      service: {says: {en: Provide the service}, basis: [contract], data: [account, login, visit, invoice]}
      news: {says: {en: Send news}, basis: [consent], data: [account]}
    rights:
      access: {line: 40}
      rectification: {line: 41}
      erasure: {line: 42}
      restriction: {line: 43}
      objection: {stands: heading, line: 44}
      portability: {formats: [json], line: 45}
      withdrawal: {line: 46}
      complaint: {to: CNIL, line: 47}
      after_death: {by: [person], fate: {en: Data are deleted after a year}, line: 48}

Announce it among the rights for every consent, and beside each box say where it is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.consents import Consent
from servanda.policy.policy import Policy
from servanda.rules.engine.rule import Result, fails, not_applicable, rule, weak
from servanda.rules.engine.view import View

Path = tuple[str, ...]


@rule("SV314", law="GDPR 13(2)(c), 7(3)")
def check(view: View) -> Iterator[Result]:
    """Check that withdrawal is announced for everything based on consent."""
    covered_by_purpose = dict(_told(view.policy))
    if not covered_by_purpose:
        yield not_applicable("nothing rests on consent")
        return
    judge = weak if any(covered_by_purpose.values()) else fails
    for path, announced in covered_by_purpose.items():
        if not announced:
            message = f"the text does not say that consent to {path[-1]} can be taken back"
            yield judge(view.key_spot(*path), message, "rights: {withdrawal: {line: …}}")


def _told(policy: Policy) -> Iterator[tuple[Path, bool]]:
    """Yield each purpose and consent, and whether its withdrawal is announced.

    Implied consents are skipped; a consent with purposes is represented by them.
    """
    consents = [(name, consent) for name, consent in policy.consents.items() if not consent.implied]
    purposes = [name for name, purpose in policy.purposes.items() if "consent" in purpose.bases]
    purposes += [purpose for _, consent in consents for purpose in consent.purposes]
    general = policy.rights.withdrawal
    everything = general is not None and not general.purposes
    for name in dict.fromkeys(purposes):
        general_covers = general is not None and name in general.purposes
        yield _path(policy, name), everything or general_covers or any(_reaches(c, name) for _, c in consents)
    for name, consent in consents:
        if not consent.purposes:
            yield ("consents", name), everything or bool(consent.withdrawal)


def _path(policy: Policy, purpose: str) -> Path:
    return ("purposes", purpose) if purpose in policy.purposes else ("consents", purpose)


def _reaches(consent: Consent, purpose: str) -> bool:
    """Return whether the text names a way to take this consent back for a purpose."""
    if purpose not in consent.purposes:
        return False
    return any(not way.purposes or purpose in way.purposes for way in consent.withdrawal)
