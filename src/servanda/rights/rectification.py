"""Data that are wrong are put right, completed where they are incomplete (GDPR 16)."""

from __future__ import annotations

from servanda.rights.right import Right, register

RIGHT = register(
    Right("rectification", "GDPR 16", asks=("field", "value"), aliases=("correction", "correct", "rectify"))
)
