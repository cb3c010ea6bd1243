"""What somebody provided, to take along in a form that software reads (GDPR 20)."""

from __future__ import annotations

from servanda.rights.right import Right, register

RIGHT = register(Right("portability", "GDPR 20", aliases=("portabilité", "portabilite", "export")))
