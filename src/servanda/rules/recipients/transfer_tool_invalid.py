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

from servanda.law.facts import adequacy, in_eea, tool
from servanda.policy.recipients import Transfer
from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV514", law="GDPR 44-46; CJEU C-311/18; decision (EU) 2023/1795")
def check(view: View) -> Iterator[Result]:
    """Look up each transfer tool on the day of the check."""
    stated = [transfer for transfer in view.policy.transfers if transfer.case != "none"]
    countries = [recipient.country for recipient in view.policy.recipients.values() if recipient.outside]
    if not stated and all(country and in_eea(country, view.today) for country in countries):
        yield not_applicable("no recipient is outside the EEA")
    elif not stated:
        yield needs("the tool of each transfer, and where recipients are")
    for i, transfer in enumerate(view.policy.transfers):
        if transfer in stated:
            yield from _judge(view, i, transfer)


def _judge(view: View, i: int, transfer: Transfer) -> Iterator[Result]:
    at, today = view.value_spot("transfers", i, "tool"), view.today
    if transfer.tool is None:
        if transfer.case == "made":
            yield needs(f"the tool of the transfer on line {transfer.line or i + 1}")
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
    elif transfer.tool == "adequacy":
        decisions = {country: adequacy(country, today) for country in transfer.countries}
        without = [country for country, decision in decisions.items() if decision is None or decision.needs]
        if without:
            message = f"no decision says that {', '.join(without)} protects data adequately"
            yield fails(at, message, "name another tool, or another country")
    elif transfer.tool == "dpf" and transfer.certified_until is None:
        yield needs("until when the recipient is certified under the Data Privacy Framework")
    elif transfer.certified_until and transfer.certified_until < str(today):
        message = f"the recipient’s certification under {transfer.tool} ended on {transfer.certified_until}"
        yield fails(at, message, "look up whether it was renewed")
