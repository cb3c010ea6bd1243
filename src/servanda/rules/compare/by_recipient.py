"""A promise on who receives data: who it is, where, under which agreement, on which transfer tool.

An agreement that has expired, a country outside the EEA of which the text says nothing, a tool that
is not valid today, or a country other than the promised one breaks it. A name, a country or an
agreement that the company has not written down is what it needs (GDPR 13(1)(e) and (f), 28(3), 44-46).
"""

from __future__ import annotations

from collections.abc import Sequence

from servanda.law.facts import in_eea
from servanda.policy.checked import ByRecipient
from servanda.policy.promise import Promise
from servanda.policy.recipients import Recipient
from servanda.rules.compare.check import Seen, at_risk, broken, check, checked, not_yet, worst
from servanda.rules.compare.looking import Comparison


@check(ByRecipient)
def by_recipient(looking: Comparison, promise: Promise, said: ByRecipient) -> Seen:
    """Look at each recipient; what several lack is said once."""
    del promise
    recipients = {name: looking.policy.recipients[name] for name in said.recipient}
    seen = [_recipient(looking, name, recipient, said.within) for name, recipient in recipients.items()]
    lacking: dict[tuple[str, ...], list[str]] = {}
    for name, recipient in recipients.items():
        lacking.setdefault(_lacks(recipient, said.within), []).append(name)
    lacking.pop((), None)
    seen += [not_yet(f"needs the {_and(whats)} of {_and(names)}") for whats, names in lacking.items()]
    return worst(seen)


def _recipient(looking: Comparison, name: str, recipient: Recipient, within: str | None) -> Seen:
    bad = [*_found(looking, name, recipient), *_elsewhere(looking, name, recipient, within)]
    if bad:
        return worst(bad)
    parts = [f"{name} is in {recipient.country}"] if recipient.country else [f"{name} is named"]
    if recipient.agreement is not None:
        until = f" until {recipient.agreement.expires}" if recipient.agreement.expires else ""
        parts.append(f"under an agreement of {recipient.agreement.date}{until}")
    if recipient.country and not in_eea(recipient.country, looking.view.today):
        parts.append("on a transfer tool that is valid today")
    return checked(", ".join(parts))


def _found(looking: Comparison, name: str, recipient: Recipient) -> list[Seen]:
    """What the rules on agreements and transfers find at this recipient and its transfers."""
    at = [f"recipients.{name}"]
    for i, transfer in enumerate(looking.policy.transfers):
        if transfer.case != "none" and (
            name in transfer.recipients or (recipient.country and recipient.country in transfer.countries)
        ):
            at.append(f"transfers.{i}")
    seen = []
    for word in ("transfer-unstated", "transfer-tool-invalid", "processor-without-agreement"):
        for rule in looking.rules(word):
            for finding in looking.found(rule, at):
                judge = broken if finding.verdict == "fails" else at_risk
                seen.append(judge(f"{rule.code} {rule.slug}: {finding.message}"))
    return seen


def _elsewhere(looking: Comparison, name: str, recipient: Recipient, within: str | None) -> list[Seen]:
    """Whether a recipient is outside the country, or the EEA, that the promise names."""
    country = recipient.country
    if within is None or country is None:
        return []
    inside = in_eea(country, looking.view.today) if within == "EEA" else country == within
    return [] if inside else [broken(f"{name} is in {country}, and the promise says {within}")]


def _lacks(recipient: Recipient, within: str | None) -> tuple[str, ...]:
    lacks = []
    if not recipient.called and recipient.outside:
        lacks.append("names")
    if recipient.country is None and (recipient.outside or within):
        lacks.append("country")
    if recipient.kind == "processor" and recipient.agreement is None:
        lacks.append("dated agreement")
    return tuple(lacks)


def _and(names: Sequence[str]) -> str:
    """Names as they stand in a sentence: a, b and c."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
