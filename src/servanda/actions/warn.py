"""Warn: a person whose account ends through inactivity is written to first. `apply` fills the outbox."""

from __future__ import annotations

from servanda.actions.action import Action, register

WARN = register(Action("warn", "✉", "to warn", "warned", frozenset({"SELECT"}), None, ends=False))
