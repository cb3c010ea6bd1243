"""A promise on complaints: the authority is that of the company's country today, and nothing stands in the way.

The tables of law have the authorities, by day (GDPR 13(2)(d), 51, 77). What the text prints of its address is
the subject of the rule authority-address.
"""

from __future__ import annotations

from servanda.law.facts import authority
from servanda.policy.checked import ByAuthority
from servanda.policy.promise import Promise
from servanda.rules.compare.check import Seen, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.looking import Comparison


@check(ByAuthority)
def by_authority(looking: Comparison, promise: Promise, said: ByAuthority) -> Seen:
    """Look the authority up, and how the text speaks of complaints."""
    del promise
    known = authority(said.authority, looking.view.today)
    if known is None:
        return not_yet(f"needs {said.authority} in the tables of law: see servanda facts authorities")
    country = looking.policy.controller.country
    if country is None:
        return not_yet("needs the country of the company (controller.country)")
    if known.country != country:
        return broken(
            f"{said.authority} is the authority of {known.country}, and the company is in {country}"
        )
    seen = [checked(f"{known.id} is the authority of {country} today, and people may complain to it")]
    for rule in looking.rules("complaint-unannounced"):
        for finding in looking.found(rule):
            judge = broken if finding.verdict == "fails" else at_risk
            seen.append(judge(f"{rule.code} {rule.slug}: {finding.message}"))
    return worst(seen)
