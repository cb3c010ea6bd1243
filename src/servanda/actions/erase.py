"""Erase: rows of a requested erasure that had to stay are erased now that the reason has ended."""

from __future__ import annotations

from servanda.actions.action import Action, Run, Step, register


def _carry_out(run: Run, step: Step) -> None:
    run.erase(step)


ERASE = register(
    Action(
        "erase", "~", "to erase on request", "erased on request", "Someone asked", 60,
        frozenset({"SELECT", "UPDATE", "DELETE"}), _carry_out, leaves_bytes=True,
    )
)  # fmt: skip
