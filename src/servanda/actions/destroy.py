"""Destroy: archived rows end with their key, also in every copy of the archive that somebody kept."""

from __future__ import annotations

from servanda.actions.action import Action, register

DESTROY = register(Action("destroy", "×", "to end in the archive", "ended in the archive", frozenset(), None))
