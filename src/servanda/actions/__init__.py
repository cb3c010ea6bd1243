"""Actions on rows, one file each, written with the verbs of a store."""

from servanda.actions.action import Action, Run, action, known, load

__all__ = ["Action", "Run", "action", "known", "load"]
