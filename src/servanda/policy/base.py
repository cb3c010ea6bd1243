"""The base of the typed documents: strict models, and errors with line, column and suggestion.

An unknown key is an error, with the nearest known key as a suggestion: a promise with a misspelt
key would otherwise be ignored.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from typing import Any, TypeVar

import pydantic
import rfc8785
from pydantic import BaseModel, ConfigDict
from pydantic_core import ErrorDetails

from servanda.errors import PolicyError, Problem
from servanda.policy.yamlfile import Source


class Strict(BaseModel):
    """A part of a document: unknown keys are errors, instances are immutable."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, regex_engine="python-re", defer_build=True
    )


Model = TypeVar("Model", bound=Strict)


def load(model: type[Model], source: Source) -> Model:
    """Validate a file as a model. Raises PolicyError with all problems and their spots."""
    if not isinstance(source.data, dict):
        problem = Problem(source.spot(()), "this document is empty or is not a mapping of keys to values")
        raise PolicyError([problem])
    try:
        return model.model_validate(source.data)
    except pydantic.ValidationError as error:
        raise PolicyError(_problems(error, source, model)) from None


def digest(model: BaseModel) -> str:
    """SHA-256, in hex, of the canonical JSON of a document: equal for equal meaning.

    Default values are omitted, so a later version of this program, with more keys, computes the same
    digest.
    """
    return hashlib.sha256(rfc8785.dumps(model.model_dump(mode="json", exclude_defaults=True))).hexdigest()


def _problems(error: pydantic.ValidationError, source: Source, model: type[BaseModel]) -> list[Problem]:
    problems: dict[tuple[int, int, str], Problem] = {}
    for item in error.errors(include_url=False):
        problem = _problem(item, source, model)
        problems.setdefault((problem.at.line, problem.at.column, problem.message), problem)
    return [problems[key] for key in sorted(problems)]


def _problem(item: ErrorDetails, source: Source, model: type[BaseModel]) -> Problem:
    path = tuple(item["loc"])
    kind = item["type"]
    name = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        keys = _keys_at(model, path[:-1])
        near = difflib.get_close_matches(name, keys, n=1, cutoff=0.55)
        advice = f"did you mean “{near[0]}”?" if near else f"known here: {', '.join(sorted(keys))}"
        return Problem(source.spot(path, key=True), f"“{name}” is not known here", advice)
    if kind == "missing":
        return Problem(source.spot(path[:-1]), f"“{name}” is missing")
    if kind == "literal_error" and isinstance(item["input"], str):
        words = ", ".join(word.strip("'") for word in re.split(", | or ", str(item["ctx"]["expected"])))
        return Problem(source.spot(path), f"“{item['input']}” is not known here", f"known: {words}")
    message = item["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    text, _, advice = message.partition(" | ")
    return Problem(source.spot(path), text[:1].lower() + text[1:], advice)


def _keys_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The allowed keys at `path`, for suggestions."""
    models: list[type[BaseModel]] = [model]
    for part in path:
        below: list[type[BaseModel]] = []
        for candidate in models:
            field = candidate.model_fields.get(str(part)) or next(
                (f for f in candidate.model_fields.values() if f.alias == part), None
            )
            if field is not None:
                below.extend(_models_in(field.annotation))
        members = [m for m in models if m.__name__ == part]  # a step into one member of a union
        if below or members:
            models = below or members
    keys = {field.alias or name for m in models for name, field in m.model_fields.items()}
    return sorted(keys)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    models: list[type[BaseModel]] = []
    for part in getattr(annotation, "__args__", ()):
        models.extend(_models_in(part))
    return models
