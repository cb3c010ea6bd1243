"""Archive: what its ground needs of a row is kept apart until its end, shut from daily use.

The one action for which values pass through the program, streamed.
What daily use has of the row then ends by the ordinary actions.
"""

from __future__ import annotations

from servanda.actions.action import Action, Run, Step, register


def _carry_out(run: Run, step: Step) -> None:
    run.archive(step)


ARCHIVE = register(
    Action(
        "archive", "→", "to archive", "archived", "To archive first", 10, frozenset({"SELECT"}), _carry_out,
        ends=False,
    )
)  # fmt: skip
