"""A transfer out of the EEA rests on a tool that is not valid, or that the text does not name.

Data may leave the EEA on an adequacy decision (GDPR 45), on safeguards such as standard clauses or
binding rules (46, 47), or in single cases on a derogation (49). Tools begin and end on known days:
Safe Harbor until 2015-10-05, Privacy Shield until 2020-07-15 (CJEU C-311/18), the clauses of 2010
until 2022-12-27, the Data Privacy Framework since 2023-07-10 for those who are certified. `check
--as-of 2020-06-01` judges by the law of that day.

Bad:

    --- policy.yaml
    transfers:
      - {case: possible, countries: [US], tool: privacy-shield, line: 59}

Good:

    --- policy.yaml
    transfers:
      - {case: made, countries: [US], tool: dpf, certified_until: 2027-03-01, line: 59}

Name the tool: for the United States the Data Privacy Framework where the recipient is certified
(look it up, and note until when), else the clauses of 2021 with their module and an assessment of
the transfer.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.law.facts import adequacy, tool
from servanda.policy.recipients import Transfer
from servanda.policy.register import at_home
from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV514", law="GDPR 44-46; CJEU C-311/18; decision (EU) 2023/1795")
def check(view: View) -> Iterator[Result]:
    """Look up each transfer tool on the day of the check."""
    stated = [transfer for transfer in view.policy.transfers if transfer.case != "none"]
    countries = [recipient.country for recipient in view.policy.recipients.values() if recipient.outside]
    if not stated and all(country and at_home(view.policy, country, view.today) for country in countries):
        yield not_applicable("no recipient is outside the EEA")
    elif not stated:
        yield needs("the tool of each transfer, and where recipients are")
    for i, transfer in enumerate(view.policy.transfers):
        if transfer in stated:
            yield from _judge(view, i, transfer)


def _judge(view: View, i: int, transfer: Transfer) -> Iterator[Result]:
    at, today = view.value_spot("transfers", i, "tool"), view.today
    if transfer.tool is None:
        yield from _without_tool(view, i, transfer)
        return
    if transfer.tool == "appropriate-safeguards":
        yield weak(
            at, "the text speaks of appropriate safeguards and names none", "tool: scc-2021, or another"
        )
        return
    entry = tool(transfer.tool)
    if entry is None or not entry.serves(today):
        last = entry.until or entry.valid_to if entry else None
        message = f"{transfer.tool} allows no transfer on {today}" + (
            f": its last day was {last}" if last else ""
        )
        instead = f"tool: {entry.instead}" if entry and entry.instead else "name another tool"
        yield fails(at, message, instead)
    elif entry.countries and set(_countries(view, transfer)) - set(entry.countries):
        elsewhere = ", ".join(sorted(set(_countries(view, transfer)) - set(entry.countries)))
        message = (
            f"{transfer.tool} allows transfers to {', '.join(entry.countries)} alone, and not to {elsewhere}"
        )
        yield fails(at, message, "tool: scc-2021, or another")
    elif transfer.tool == "adequacy":
        decisions = {country: adequacy(country, today) for country in _countries(view, transfer)}
        without = [country for country, decision in decisions.items() if decision is None or decision.needs]
        if without:
            message = f"no decision says that {', '.join(without)} protects data adequately"
            yield fails(at, message, "name another tool, or another country")
    elif transfer.tool == "dpf" and transfer.certified_until is None:
        yield needs("until when the recipient is certified under the Data Privacy Framework")
    elif transfer.certified_until and transfer.certified_until < str(today):
        message = f"the recipient’s certification under {transfer.tool} ended on {transfer.certified_until}"
        yield fails(at, message, "look up whether it was renewed")


def _countries(view: View, transfer: Transfer) -> list[str]:
    """The countries of a transfer; where it names none, those of the recipients that it names."""
    recipients = (view.policy.recipients[name] for name in transfer.recipients)
    named = transfer.countries or [r.country for r in recipients if r.country]
    return [country for country in named if not at_home(view.policy, country, view.today)]


def _without_tool(view: View, i: int, transfer: Transfer) -> Iterator[Result]:
    """A transfer that is made rests on something, which people are told: the decision, or the safeguards."""
    countries = _countries(view, transfer)
    decisions = [adequacy(country, view.today) for country in countries]
    without = [
        c for c, decision in zip(countries, decisions, strict=True) if decision is None or decision.needs
    ]
    if transfer.case != "made":
        return
    if without:
        message = f"data go to {', '.join(without)}, and the text names no safeguard"
        yield weak(view.value_spot("transfers", i), message, "tool: scc-2021, or another, and copy_at: …")
    else:
        yield needs(f"the tool of the transfer on line {transfer.line or i + 1}")
