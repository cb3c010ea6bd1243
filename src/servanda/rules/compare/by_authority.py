"""A promise on complaints: the authority is that of the company's country today, and complaints are announced.

The tables of law list the authorities by date (GDPR 13(2)(d), 51, 77). The printed address of the authority
is checked by the rule authority-address.
"""

from __future__ import annotations

from servanda.law.facts import authority
from servanda.policy.checked import ByAuthority
from servanda.policy.promise import Promise
from servanda.rules.compare.check import CheckResult, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.comparison import Comparison


@check(ByAuthority)
def by_authority(comparison: Comparison, promise: Promise, spec: ByAuthority) -> CheckResult:
    """Look up the authority, and run the rule on the announcement of complaints."""
    del promise
    entry = authority(spec.authority, comparison.view.today)
    if entry is None:
        return not_yet(f"needs {spec.authority} in the tables of law: see servanda facts authorities")
    country = comparison.policy.controller.country
    if country is None:
        return not_yet("needs the country of the company (controller.country)")
    if entry.country != country:
        return broken(
            f"{spec.authority} is the authority of {entry.country}, and the company is in {country}"
        )
    results = [checked(f"{entry.id} is the authority of {country} today, and people may complain to it")]
    for rule in comparison.rules("complaint-unannounced"):
        for finding in comparison.findings(rule):
            result = broken if finding.verdict == "fails" else at_risk
            results.append(result(f"{rule.code} {rule.slug}: {finding.message}"))
    return worst(results)
