"""Data go to somebody outside the European Economic Area, and the text does not say so.

People are told that their data leave the EEA, to which country, and what protects them there (GDPR
13(1)(f)). A sentence that names some recipients speaks of no others. What counts is the company that
the contract is with. A statement without a country, or one
that only says what would happen if, is weak; so is a provider in the EEA whose group is outside
and may have to hand data over. `check --as-of` looks at the members of the EEA on that day.

Bad:

    --- policy.yaml
    recipients:
      mail: {says: {en: Mailings}, kind: processor, names: [Mail Inc.], country: US, data: [account], told_by: its API}

Good:

    --- policy.yaml
    recipients:
      mail: {says: {en: Mailings}, kind: processor, names: [Mail Inc.], country: US, data: [account], told_by: its API}
    transfers:
      - case: made
        countries: [US]
        recipients: [mail]
        tool: scc-2021
        module: 2
        copy_at: on request to the DPO
        line: 50

Say that data leave, to which country, on which tool, and where people can have a copy of it; or
choose a provider that keeps them here.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.recipients import Recipient, Transfer
from servanda.policy.register import at_home
from servanda.rules.engine.rule import Result, fails, needs, not_applicable, rule, weak
from servanda.rules.engine.view import View


@rule("SV513", law="GDPR 13(1)(f), 44")
def check(view: View) -> Iterator[Result]:
    """Compare the countries of recipients with the stated transfers."""
    outside = {name: r for name, r in view.policy.recipients.items() if r.outside}
    if not outside:
        yield not_applicable("no other company receives data")
        return
    stated = [transfer for transfer in view.policy.transfers if transfer.case != "none"]
    yield from _vague(view, stated)
    for name, recipient in outside.items():
        if recipient.country and not at_home(view.policy, recipient.country, view.today):
            if not any(_speaks_of(transfer, name, recipient) for transfer in stated):
                message = f"data go to {name} in {recipient.country}, and the text says nothing of a transfer"
                spoken = any(recipient.country in transfer.countries for transfer in stated)
                say = weak if spoken else fails
                message += " to it" if spoken else ""
                yield say(view.key_spot("recipients", name), message, "say the country and the tool")
        elif recipient.group and not at_home(view.policy, recipient.group, view.today) and not stated:
            message = (
                f"{name} belongs to a group in {recipient.group}, and the text says nothing of a transfer"
            )
            yield weak(
                view.key_spot("recipients", name), message, "say whether data may go there, and on which tool"
            )
    unknown = [name for name, recipient in outside.items() if not (recipient.country or recipient.group)]
    if unknown:
        yield needs(f"the country of the company behind {', '.join(unknown)}")


def _vague(view: View, stated: list[Transfer]) -> Iterator[Result]:
    """Transfers without a country, or stated only as possible."""
    for i, transfer in enumerate(view.policy.transfers):
        if transfer in stated and (transfer.case == "possible" or not transfer.countries):
            message = "the text says that data leave the EEA, and names no country"
            if transfer.case == "possible":
                message = "the text only says what would be if data left the EEA"
            yield weak(
                view.value_spot("transfers", i),
                message,
                "say which data go to which country, or that none do",
            )


def _speaks_of(transfer: Transfer, name: str, recipient: Recipient) -> bool:
    """Whether a transfer is to a recipient: one that it names, else one in a country that it names."""
    if transfer.recipients:
        return name in transfer.recipients
    return not transfer.countries or recipient.country in transfer.countries
