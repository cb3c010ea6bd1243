"""Delete: the row is deleted. The evidence states what may remain of its bytes."""

from __future__ import annotations

from collections.abc import Sequence

from servanda.actions.action import Action, Run, Step, register
from servanda.stores.verbs import Group, Page, Session, Work


def _act(session: Session, work: Work, page: Page, groups: Sequence[Group]) -> int:
    del groups
    return session.delete(work, page)


def _carry_out(run: Run, step: Step) -> None:
    run.drop_partitions(step)
    run.page(step, _act)


DELETE = register(
    Action(
        "delete", "-", "to delete", "deleted", "Time has passed", 20, frozenset({"SELECT", "DELETE"}),
        _carry_out, end="row", leaves_bytes=True, ranges=True,
    )
)  # fmt: skip
