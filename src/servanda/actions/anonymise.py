"""Anonymise: the fields that have ended are emptied, all of a row in one statement.

The stores document defines the new value of each column: NULL, a constant, a truncated date or IP address, a
generalised postcode, or a keyed pseudonym (which is still personal data).
"""

from __future__ import annotations

from collections.abc import Sequence

from servanda.actions.action import Action, Run, Step, register
from servanda.stores.verbs import Group, Page, Session, Work


def _act(session: Session, work: Work, page: Page, groups: Sequence[Group]) -> int:
    return session.change(work, page, groups)


def _carry_out(run: Run, step: Step) -> None:
    run.page(step, _act)


ANONYMISE = register(
    Action(
        "anonymise", "~", "to empty", "emptied", "Time has passed", 21, frozenset({"SELECT", "UPDATE"}),
        _carry_out, end="fields", leaves_bytes=True,
    )
)  # fmt: skip
