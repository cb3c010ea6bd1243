"""What is due, and for which rows: promises and requests are sources of one thing.

    Due(source, scope, action)
        source    a promise of the policy, or the request of a person
        scope     Expired(before): rows whose trigger lies before a day
                  Of(person): everything of one person, as far as nothing else keeps it
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
    """Everything of one person: a random reference for plan and ledger, and the rows that stand for them.

    `request` and `key_id` are those of the request that asks, if one does. `again`: something of them was kept
    when they were erased before; `rows` are those that were, and may not be found from `human` any more. With
    `only`, their rows of these places alone: the person stays.
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
    """Something that is to be done: why, with which rows, and what."""

    source: str
    scope: Scope
    action: str
