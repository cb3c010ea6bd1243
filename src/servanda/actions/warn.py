"""Warn: a letter to a person whose account is about to end through inactivity."""

from __future__ import annotations

from servanda.actions.action import Action, Run, Step, register


def _carry_out(run: Run, step: Step) -> None:
    run.warn(step)


WARN = register(
    Action(
        "warn", "✉", "to warn", "warned", "Warned before the end", 50, frozenset({"SELECT"}), _carry_out,
        noun="letter", ends=False, makes_overdue=False,
    )
)  # fmt: skip
