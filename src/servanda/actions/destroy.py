"""Destroy: archived rows end with their key, also in every copy of the archive that somebody kept."""

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
