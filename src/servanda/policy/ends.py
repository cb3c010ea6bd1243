"""How data end, as a policy says it with `end:`; an action that is one adds its word.

A typed list would have to know every action. An action declares its word when it is loaded, and that happens
when a policy says a word that is not known yet: only then is there something to look for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

_KEEPS_ROW: dict[str, bool] = {"delete": False, "anonymise": True}


def declare(word: str, *, keeps_row: bool) -> None:
    """Make a word known that policies may say."""
    _KEEPS_ROW.setdefault(word, keeps_row)


def keeps_row(word: str) -> bool:
    """Whether a row stays, emptied, where data end in this way."""
    return _KEEPS_ROW[word]


def _known(word: Any) -> Any:
    if word not in _KEEPS_ROW:
        import_module("servanda.actions").load()
    if word not in _KEEPS_ROW:
        raise ValueError(f"“{word}” is no way in which data end | one of: {', '.join(_KEEPS_ROW)}")
    return word


End = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(_KEEPS_ROW)})]
"""`delete`: the row goes. `anonymise`: its fields are emptied, and it stays."""
