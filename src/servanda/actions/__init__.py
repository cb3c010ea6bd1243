"""What can be done with rows; one file each, written with the verbs of a store."""

from servanda.actions import anonymise, archive, delete, destroy, note, warn
from servanda.actions.action import Action, action, known

__all__ = ["Action", "action", "anonymise", "archive", "delete", "destroy", "known", "note", "warn"]
