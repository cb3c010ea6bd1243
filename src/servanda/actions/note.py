"""Note: the data of a category have ended in a row, and a promise counts from that day: it is recorded."""

from __future__ import annotations

from servanda.actions.action import Action, register

NOTE = register(Action("note", "✎", "to note", "noted", frozenset({"SELECT"}), None, ends=False))
