"""A promise on who receives data: the recipient's name, country, agreement and transfer tool.

It is broken by an expired agreement, an unstated country outside the EEA, a transfer tool that is not
valid today, or a country other than the promised one. A missing name, country or agreement makes the
result `not_yet` (GDPR 13(1)(e) and (f), 28(3), 44-46).
"""

from __future__ import annotations

from collections.abc import Sequence

from servanda.law.facts import in_eea
from servanda.policy.checked import ByRecipient
from servanda.policy.promise import Promise
from servanda.policy.recipients import Recipient
from servanda.rules.compare.check import CheckResult, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.comparison import Comparison


@check(ByRecipient)
def by_recipient(comparison: Comparison, promise: Promise, spec: ByRecipient) -> CheckResult:
    """Check each recipient; details that several lack are reported together."""
    del promise
    recipients = {name: comparison.policy.recipients[name] for name in spec.recipient}
    results = [_recipient(comparison, name, recipient, spec.within) for name, recipient in recipients.items()]
    missing: dict[tuple[str, ...], list[str]] = {}
    for name, recipient in recipients.items():
        missing.setdefault(_missing_details(recipient, spec.within), []).append(name)
    missing.pop((), None)
    results += [not_yet(f"needs the {_and(items)} of {_and(names)}") for items, names in missing.items()]
    return worst(results)


def _recipient(comparison: Comparison, name: str, recipient: Recipient, within: str | None) -> CheckResult:
    failed = [*_rule_results(comparison, name, recipient), *_elsewhere(comparison, name, recipient, within)]
    if failed:
        return worst(failed)
    parts = [f"{name} is in {recipient.country}"] if recipient.country else [f"{name} is named"]
    if recipient.agreement is not None:
        until = f" until {recipient.agreement.expires}" if recipient.agreement.expires else ""
        parts.append(f"under an agreement of {recipient.agreement.date}{until}")
    if recipient.country and not in_eea(recipient.country, comparison.view.today):
        parts.append("on a transfer tool that is valid today")
    return checked(", ".join(parts))


def _rule_results(comparison: Comparison, name: str, recipient: Recipient) -> list[CheckResult]:
    """The findings of the rules on agreements and transfers at this recipient and its transfers."""
    at = [f"recipients.{name}"]
    for i, transfer in enumerate(comparison.policy.transfers):
        if transfer.case != "none" and (
            name in transfer.recipients or (recipient.country and recipient.country in transfer.countries)
        ):
            at.append(f"transfers.{i}")
    results = []
    for word in ("transfer-unstated", "transfer-tool-invalid", "processor-without-agreement"):
        for rule in comparison.rules(word):
            for finding in comparison.findings(rule, at):
                result = broken if finding.verdict == "fails" else at_risk
                results.append(result(f"{rule.code} {rule.slug}: {finding.message}"))
    return results


def _elsewhere(
    comparison: Comparison, name: str, recipient: Recipient, within: str | None
) -> list[CheckResult]:
    """A broken result if a recipient is outside the country, or the EEA, that the promise names."""
    country = recipient.country
    if within is None or country is None:
        return []
    inside = in_eea(country, comparison.view.today) if within == "EEA" else country == within
    return [] if inside else [broken(f"{name} is in {country}, and the promise says {within}")]


def _missing_details(recipient: Recipient, within: str | None) -> tuple[str, ...]:
    missing = []
    if not recipient.called and recipient.outside:
        missing.append("names")
    if recipient.country is None and (recipient.outside or within):
        missing.append("country")
    if recipient.kind == "processor" and recipient.agreement is None:
        missing.append("dated agreement")
    return tuple(missing)


def _and(names: Sequence[str]) -> str:
    """Join names for a sentence: a, b and c."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
