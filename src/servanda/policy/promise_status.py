"""The status of a promise: a state with its evidence.

kept      enforced by software: a provable entry of the ledger, and nothing overdue
checked   compared with reality by software
worked    done by people, with deadline and evidence
attested  stated by a named person until a date; never shown as a proof
at_risk   undecided now: a store does not answer, or evidence is old
broken    reality differs from the promise
not_yet   not supported by this version; `why` names what it needs
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from servanda.policy.promise import Promise

State = Literal["kept", "checked", "worked", "attested", "at_risk", "broken", "not_yet"]
MARKS: dict[State, str] = {
    "kept": "✓",
    "checked": "✓",
    "worked": "✓",
    "attested": "“",
    "at_risk": "!",
    "broken": "✗",
    "not_yet": "·",
}


@dataclass(frozen=True, slots=True)
class PromiseStatus:
    """The status of one promise. `why` is a sentence, `entry` is the number of a ledger entry.

    `last` is the time when it was last kept; `due` is the next due date in words.
    """

    promise: Promise
    state: State
    where: str = ""
    why: str = ""
    last: datetime | None = None
    due: str = ""
    entry: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
