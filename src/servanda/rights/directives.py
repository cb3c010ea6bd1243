"""What is to happen to somebody's data after death: recorded, changed, and carried out (LIL 85, France)."""

from __future__ import annotations

from servanda.rights.right import Right, register

RIGHT = register(Right("directives", "LIL 85", asks=("wish",), aliases=("directive", "after-death", "décès")))
