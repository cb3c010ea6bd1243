"""The register of processing (GDPR 30(1)), derived from the policy alone.

One row per purpose: its persons and data, recipients, transfers with their tools, periods and
measures. A mandatory cell that the policy cannot fill stays empty and is reported.

    (a) the controller and a way to reach them       (d) recipients
    (b) the purpose                                  (e) transfers, with country and tool
    (c) persons and data                             (f) periods, (g) measures: where possible
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from servanda.law.facts import in_eea
from servanda.policy.policy import Policy
from servanda.policy.purposes import Purpose
from servanda.policy.recipients import Recipient, Transfer

IsInside = Callable[[str], bool]
"""Returns whether data in a country have not left home, on a day that the caller fixes; see `at_home`."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One row of the register. `abroad` are the recipients outside the EEA, each with its transfer.

    `nobody_named` is that the document names no recipient at all; where it names some and none has these
    data, the cell says so.
    """

    purpose: str
    persons: tuple[str, ...]
    data: tuple[str, ...]
    recipients: tuple[str, ...]
    nobody_named: bool
    abroad: tuple[tuple[str, Transfer | None], ...]
    timed: tuple[str, ...]
    measures: tuple[str, ...]

    @property
    def empty(self) -> list[str]:
        """The empty mandatory cells: letter in the article, and what is missing."""
        cells = []
        if not self.data:
            cells.append("(c) persons and data")
        if self.nobody_named:
            cells.append("(d) recipients")
        cells += [f"(e) the transfer to {name}" for name, transfer in self.abroad if transfer is None]
        return cells

    @property
    def untimed(self) -> list[str]:
        """The data of this row without a period, required “where possible”."""
        return [name for name in self.data if name not in self.timed]


@dataclass(frozen=True, slots=True)
class Register:
    """The register: whether it names the controller, and its rows."""

    controller: bool
    activities: tuple[Activity, ...]


def at_home(policy: Policy, country: str, day: date) -> bool:
    """Whether data in a country have not left the territory of the law that the policy is under.

    That is the EEA, or, for a company under the law of another country alone, such as the UK GDPR, that country;
    of the United Kingdom, the EEA as well, which its own regulations call adequate (DPA 2018, schedule 21, 4 and 5).
    """
    if in_eea(country, day):
        return True
    under = [*policy.jurisdictions, policy.controller.country or ""]
    european = any(one == "EU" or in_eea(one, day) for one in under)
    return not european and country in under


def register(policy: Policy, inside: IsInside) -> Register:
    """Derive the register from a policy."""
    controller = policy.controller
    reachable = bool(
        controller.name and (controller.email or controller.postal or controller.phone or controller.url)
    )
    rows = (_activity(policy, name, purpose, inside) for name, purpose in policy.purposes.items())
    return Register(reachable, tuple(rows))


def _activity(policy: Policy, name: str, purpose: Purpose, inside: IsInside) -> Activity:
    data = [c for c in purpose.data if policy.categories[c].role == "controller"]
    persons = dict.fromkeys(person for c in data for person in policy.categories[c].audience)
    receive = {n: r for n, r in policy.recipients.items() if not r.data or set(r.data) & set(data)}
    rules = [s.stated for s in policy.statements() if s.stated.tells and s.stated.clause != "exception"]
    abroad = [
        (n, transfer_to(policy, n, r)) for n, r in receive.items() if r.country and not inside(r.country)
    ]
    measures = [m.kind for m in policy.security if not m.data or set(m.data) & set(data)]
    return Activity(
        name,
        tuple(persons),
        tuple(data),
        tuple(receive),
        not policy.recipients,
        tuple(abroad),
        tuple(c for c in data if any(stated.covers(c) for stated in rules)),
        tuple(dict.fromkeys(measures)),
    )


def transfer_to(policy: Policy, name: str, recipient: Recipient) -> Transfer | None:
    """The stated transfer to a recipient, or None."""
    stated = (t for t in policy.transfers if t.case == "made" and t.tool)
    return next(
        (
            transfer
            for transfer in stated
            if name in transfer.recipients
            or (not transfer.recipients and recipient.country in transfer.countries)
        ),
        None,
    )
