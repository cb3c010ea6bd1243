"""A copy of what is held about somebody, and how it is used (GDPR 15)."""

from __future__ import annotations

from servanda.rights.right import Right, register

RIGHT = register(Right("access", "GDPR 15", aliases=("accès", "acces", "copy")))
