"""What is due, and for which rows: by a promise of the policy, or by the request of a person.

    Due(source, scope, action)
        source    a promise of the policy, or the request of a person
        scope     Expired(before): rows whose trigger lies before a day
                  Of(person): every row of one person that nothing else keeps
        action    what is then done with the rows

Law: GDPR 5(1)(e) time has passed; 17(1) somebody asked; 7(3) and 21 consent was withdrawn, somebody objected.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from servanda.persons.person import Human


@dataclass(frozen=True, slots=True)
class Expired:
    """Rows whose trigger lies before a local day of the company: the first whose period is not over."""

    before: date


@dataclass(frozen=True, slots=True)
class Of:
    """Every row of one person: a random reference for plan and ledger, and the rows that stand for the person.

    `request` and `key_id` belong to the request, if there is one. `erased_before`: an earlier erasure left rows;
    `rows` are those, since they may not be reachable from `human` any more. With `only`, just the rows of these
    places: the person stays.
    """

    reference: str
    human: Human = field(repr=False)
    request: int | None = None
    key_id: str = ""
    rows: Human = field(default=(), repr=False)
    erased_before: bool = False
    only: frozenset[str] | None = None


Scope = Expired | Of


@dataclass(frozen=True, slots=True)
class Due:
    """Something due: its source, the rows, and the action."""

    source: str
    scope: Scope
    action: str
