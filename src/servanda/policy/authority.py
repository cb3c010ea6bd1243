"""The supervisory authority to which persons may complain: the one that the policy names, or that of the country.

Where the tables of law do not have it, letters say in words how it is found.

Law: GDPR 12(4), 13(2)(d), 15(1)(f), 77.
"""

from __future__ import annotations

from datetime import date

from servanda.law.facts import Authority, authority
from servanda.policy.policy import Policy


def competent(policy: Policy, on: date) -> Authority | None:
    """The authority on a day with its addresses; None where the tables of law do not have it."""
    word = policy.authority or policy.controller.country
    return authority(word, on) if word else None


def named(policy: Policy) -> str:
    """The authority by the name that the policy gives it; empty where it names none."""
    printed = policy.rights.authority if policy.rights is not None else None
    return policy.authority or (printed.name if printed is not None else "")
