"""Consent is taken back, as easily as it was given (GDPR 7(3))."""

from __future__ import annotations

from servanda.rights.right import Right, register

RIGHT = register(Right("withdrawal", "GDPR 7(3)", proof=False, aliases=("retrait", "withdraw")))
