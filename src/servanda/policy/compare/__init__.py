"""Compares two editions of a policy, and decides whether people must be notified of each change.

    changed   promise visitor-logs › enforced › period     P1Y → P2Y        binds people
    added     recipient hubspot                                             binds people
    changed   promise visitor-logs › says › en             other words      does not

Meaning is compared, not text: promises are matched by id; categories, purposes and
recipients by name; retentions by their data. Order, layout and comments are ignored, and
P12M equals P1Y.

A change *binds* if it differs from what people were told or agreed to: the use of their
data, recipients, periods or rights. It must be announced before it takes effect; if it
reduces protection, consent may have to be requested again.

Law: GDPR 13(1) and (2) what people are told, 13(3) told again for another purpose,
5(1)(a) transparency.
"""

from __future__ import annotations

from servanda.policy.compare.verdicts import VERDICTS
from servanda.policy.compare.walk import Change, walk
from servanda.policy.policy import Policy

__all__ = ["Change", "compare"]


def compare(old: Policy, new: Policy) -> list[Change]:
    """Return all changes of meaning from `old` to `new`, in the order of the document."""
    return list(walk(old, new, VERDICTS))
