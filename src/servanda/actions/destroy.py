"""Destroy: the key of archived rows is destroyed, so that no copy of the archive can be read."""

from __future__ import annotations

from servanda.actions.action import Action, Run, Step, register


def _carry_out(run: Run, step: Step) -> None:
    run.end_archived(step)


DESTROY = register(
    Action(
        "destroy", "×", "to end in the archive", "ended in the archive", "Time has passed in the archive", 30,
        frozenset(), _carry_out,
    )
)  # fmt: skip
