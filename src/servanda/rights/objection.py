"""A use of data is objected to; canvassing ends at once, whatever the reason (GDPR 21)."""

from __future__ import annotations

from servanda.rights.right import Right, register

RIGHT = register(Right("objection", "GDPR 21", proof=False, aliases=("opposition", "object", "unsubscribe")))
