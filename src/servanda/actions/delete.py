"""Delete: the row is gone. What the database keeps of its bytes is said in the evidence."""

from __future__ import annotations

from collections.abc import Sequence

from servanda.actions.action import Action, register
from servanda.stores.verbs import Group, Page, Session, Work


def _act(session: Session, work: Work, page: Page, groups: Sequence[Group]) -> int:
    del groups
    return session.delete(work, page)


DELETE = register(Action("delete", "-", "to delete", "deleted", frozenset({"SELECT", "DELETE"}), _act))
