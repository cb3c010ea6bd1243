"""The values of `end:` in a policy, a registry to which actions add theirs.

The default values are listed here, as a policy is parsed before actions are imported. An unknown value imports
the actions, which declare theirs, before it is rejected.
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

_KEEPS_ROW: dict[str, bool] = {"delete": False, "anonymise": True}


def declare(word: str, *, keeps_row: bool) -> None:
    """Add a value of `end:`."""
    _KEEPS_ROW.setdefault(word, keeps_row)


def keeps_row(word: str) -> bool:
    """Return whether rows are emptied and kept at this end, a declared value of `end:`."""
    return _KEEPS_ROW[word]


def _known(word: Any) -> Any:
    if word not in _KEEPS_ROW:
        import_module("servanda.actions").load()
    if word not in _KEEPS_ROW:
        raise ValueError(f"“{word}” is not a value of end: | one of: {', '.join(_KEEPS_ROW)}")
    return word


End = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(_KEEPS_ROW)})]
"""`delete`: the row goes. `anonymise`: its fields are emptied, and it stays."""
