"""Archive: the row leaves daily use and is kept apart until its end. Planned and shown, not carried out yet."""

from __future__ import annotations

from servanda.actions.action import Action, register

ARCHIVE = register(Action("archive", "→", "to archive", "archived", frozenset({"SELECT"}), None))
