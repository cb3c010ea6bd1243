"""How a promise stands: one state of eight, with the evidence for it.

kept      software did it: an entry of the ledger that can be proved, and nothing overdue
checked   software compared reality with it
worked    people did it, with a clock and evidence
attested  somebody with a name stated it, until a date; never shown as a proof
at_risk   it cannot be said now: a store does not answer, evidence is old
broken    reality is not what was promised
not_yet   this version cannot keep it; it says what it needs
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
    """The state of one promise. `why` is a sentence, `entry` the number of the ledger's entry.

    `last` is when it was last kept; `due` says in words when something is due next.
    """

    promise: Promise
    state: State
    where: str = ""
    why: str = ""
    last: datetime | None = None
    due: str = ""
    entry: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
