"""What changed between two versions of a policy, and whether people must be told.

    changed   promise visitor-logs › enforced › period     P1Y → P2Y        binds people
    added     recipient hubspot                                             binds people
    changed   promise visitor-logs › says › en             other words      does not

Meaning is compared, not text: promises meet by their id, categories, purposes and
recipients by their name, retentions by their data. Order, layout and comments do not
count, and P12M is the same as P1Y.

A change *binds* when people had been told, or had agreed to, something else: what is
done with their data, by whom, for how long, or what they may ask. It is announced before
it holds; where people are less protected than before, consent may have to be asked again.

Law: GDPR 13(1) and (2) what people are told, 13(3) told again for another purpose,
5(1)(a) transparency.
"""

from __future__ import annotations

from servanda.policy.compare.verdicts import VERDICTS
from servanda.policy.compare.walk import Change, walk
from servanda.policy.policy import Policy

__all__ = ["Change", "compare"]


def compare(old: Policy, new: Policy) -> list[Change]:
    """Return every change of meaning from `old` to `new`, in the order of the document."""
    return list(walk(old, new, VERDICTS))
