"""Note: records the day on which the data of a category ended in a row, since a promise counts from it."""

from __future__ import annotations

from servanda.actions.action import Action, Run, Step, register


def _carry_out(run: Run, step: Step) -> None:
    run.note_events(step)


NOTE = register(
    Action(
        "note", "✎", "to note", "noted", "Ended, to be noted", 40, frozenset({"SELECT"}), _carry_out,
        noun="event", ends=False, makes_overdue=False,
    )
)  # fmt: skip
