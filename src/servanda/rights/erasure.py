"""Data are erased, but for what a law or a claim keeps (GDPR 17)."""

from __future__ import annotations

from servanda.rights.right import Right, register

RIGHT = register(Right("erasure", "GDPR 17", aliases=("effacement", "delete", "erase", "suppression")))
