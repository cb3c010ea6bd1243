"""Archive: what its ground needs of a row is kept apart until its end, shut from daily use.

The one action for which values pass through the program, streamed; `apply` carries it out.
What daily use has of the row then ends by the ordinary actions.
"""

from __future__ import annotations

from servanda.actions.action import Action, register

ARCHIVE = register(Action("archive", "→", "to archive", "archived", frozenset({"SELECT"}), None, ends=False))
