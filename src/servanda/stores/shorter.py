"""Shorter ways to write a value of the stores document, told to its JSON Schema."""

from __future__ import annotations

from typing import Any


class Shorter:
    """Tells the JSON Schema of a value that a shorter way to write it is allowed too."""

    def __init__(self, *short: str) -> None:
        self._short = short

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [*({"type": type_} for type_ in self._short), handler(core)]}
