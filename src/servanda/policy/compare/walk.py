"""A recursive diff of two values of a document.

    models             field by field
    mappings           key by key
    lists of words     as sets: additions and removals
    other lists        by position
    all else           as a whole; periods by length, so P12M equals P1Y

A rule may match parts differently, such as promises by id, and holds the verdicts on changes. This
module is independent of the policy's models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from pydantic import BaseModel

from servanda.law.period import Period, PeriodRange

STEP = " › "

OTHERS = "*"
"""The key of the default rule for fields of a model."""

Verdict = tuple[bool, str]
"""Whether a change binds people, and why."""

Judge = Callable[[Any, Any, Any, Any], Verdict]
"""Returns the verdict on (old value, new value, old model, new model)."""

Matching = Callable[[Any, Any], "Iterable[Part] | None"]
"""Splits two values into matched parts; None if they are compared as a whole."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference of meaning.

    `where` is a path for people, such as “promise visitor-logs › enforced › period”.
    `before` and `after` are JSON values, None if absent. `binds` is true if people must be
    notified before it takes effect; `why` gives the reason.
    """

    what: Literal["added", "removed", "changed"]
    where: str
    before: Any
    after: Any
    binds: bool
    why: str


@dataclass(frozen=True, slots=True)
class Rule:
    """How a value is compared, with the verdicts on its changes.

    `verdict` applies to changed and added values; `gone`, by default the same, to removed ones. `parts`
    overrides the matching by type. `step` replaces the field's name in the path; an empty one is omitted.
    """

    verdict: Verdict | Judge
    gone: Verdict | Judge | None = None
    parts: Matching | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Two matched values, None if one side is absent, and their step in the path.

    Without `rule`, the rule of the whole applies.
    """

    step: str
    before: Any
    after: Any
    rule: Rule | None = None


Rules = Mapping[type[BaseModel], Mapping[str, Rule]]
"""The rules by model and field. A model inherits the rules of its base classes."""


def rule_of(rules: Rules, model: type[BaseModel], field: str) -> Rule:
    """The rule of a field, or the default of its model. Raises LookupError if there is neither."""
    for name in (field, OTHERS):
        for kind in model.__mro__:
            if name in rules.get(kind, {}):
                return rules[kind][name]
    raise LookupError(f"no rule says how {model.__name__}.{field} is compared")


def whole(old: object, new: object) -> None:
    """Compare two values as a whole, whatever their type."""


def by_key(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Part]:
    """Match the values of two mappings by key, in the order of the new one; removed keys come last."""
    return (Part(key, old.get(key), new.get(key)) for key in dict.fromkeys([*new, *old]))


def walk(old: BaseModel, new: BaseModel, rules: Rules) -> Iterator[Change]:
    """Yield all changes between two models of one type, in the order of their fields."""
    return _changes(Part("", old, new), Rule((True, "the documents differ")), rules, (None, None), "")


def _changes(part: Part, rule: Rule, rules: Rules, around: tuple[Any, Any], where: str) -> Iterator[Change]:
    old, new = part.before, part.after
    if old == new:
        return
    at = STEP.join(step for step in (where, part.step if rule.step is None else rule.step) if step)
    parts = rule.parts(old, new) if rule.parts else _by_type(old, new, rules)
    if parts is None:
        verdict = rule.verdict if new is not None or rule.gone is None else rule.gone
        binds, why = verdict(old, new, *around) if callable(verdict) else verdict
        what: Literal["added", "removed", "changed"]
        what = "added" if old is None else "removed" if new is None else "changed"
        yield Change(what, at, _plain(old), _plain(new), binds, why)
        return
    if isinstance(old, BaseModel) and isinstance(new, BaseModel):
        around = (old, new)
    for pair in parts:
        yield from _changes(pair, pair.rule or Rule(rule.verdict, rule.gone), rules, around, at)


def _by_type(old: Any, new: Any, rules: Rules) -> Iterable[Part] | None:
    if isinstance(old, BaseModel) and type(old) is type(new):
        kind = type(old)
        return (Part(f, getattr(old, f), getattr(new, f), rule_of(rules, kind, f)) for f in kind.model_fields)
    if isinstance(old, dict) and isinstance(new, dict):
        return by_key(old, new)
    if not (isinstance(old, list) and isinstance(new, list)):
        return None
    if all(isinstance(item, str) for item in (*old, *new)):
        came = (Part(word, None, word) for word in new if word not in old)
        return [*came, *(Part(word, word, None) for word in old if word not in new)]
    return (Part(str(place), *pair) for place, pair in enumerate(zip_longest(old, new), 1))


def _plain(value: Any) -> Any:
    """Convert a value to JSON: models to mappings, periods to text."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Period | PeriodRange) else value
