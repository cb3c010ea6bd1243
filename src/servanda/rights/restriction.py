"""Data are stored and not used, while a question about them is open (GDPR 18)."""

from __future__ import annotations

from servanda.rights.right import Right, register

RIGHT = register(Right("restriction", "GDPR 18", aliases=("limitation", "restrict")))
