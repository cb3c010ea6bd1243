"""Archive: the columns that a ground needs are copied to an archive, out of daily use, until their end.

This is the only action for which values pass through the program. The original row is then deleted or emptied by
the other actions.
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
