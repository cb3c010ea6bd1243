"""Two values of a document, taken apart side by side until only what differs is left.

    models             field by field
    mappings           key by key
    lists of words     as sets: what came in, and what is gone
    other lists        by position
    all else           as a whole; P12M is P1Y, since periods are compared by their length

A rule may take a value apart in another way, such as promises by their id. It also says what a change
means for people. Nothing here knows what a policy is.
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
"""Stands for the fields of a model that have no rule of their own."""

Verdict = tuple[bool, str]
"""Whether a change binds people, and why."""

Judge = Callable[[Any, Any, Any, Any], Verdict]
"""Judges a value before and after; the third and the fourth are the models around it, before and after."""

Matching = Callable[[Any, Any], "Iterable[Part] | None"]
"""Takes two values apart into parts that belong together; None where they are compared as a whole."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference of meaning.

    `where` is a path for people, such as “promise visitor-logs › enforced › period”.
    `before` and `after` are plain values as JSON has them, None where there is nothing.
    `binds` says that people must be told before it holds, and `why` gives the reason.
    """

    what: Literal["added", "removed", "changed"]
    where: str
    before: Any
    after: Any
    binds: bool
    why: str


@dataclass(frozen=True, slots=True)
class Rule:
    """How a value is compared, and what its changes mean.

    `verdict` is that on a value, or a part of it, that is another one or came in; `gone`, where it is not
    the same, that on one that is there no more. `parts` takes the value apart where its type should not.
    `step` is what the path calls it instead of its own name; an empty one is left out.
    """

    verdict: Verdict | Judge
    gone: Verdict | Judge | None = None
    parts: Matching | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Two values that belong together, None where one side has no such part, and their step in the path.

    Where `rule` is absent, the verdicts on the whole are those on the part.
    """

    step: str
    before: Any
    after: Any
    rule: Rule | None = None


Rules = Mapping[type[BaseModel], Mapping[str, Rule]]
"""The rule of each field of each model. A model has the rules of those that it is derived from, too."""


def rule_of(rules: Rules, model: type[BaseModel], field: str) -> Rule:
    """The rule of a field. Raises LookupError where there is none, not even for other fields."""
    for name in (field, OTHERS):
        for kind in model.__mro__:
            if name in rules.get(kind, {}):
                return rules[kind][name]
    raise LookupError(f"no rule says how {model.__name__}.{field} is compared")


def whole(old: object, new: object) -> None:
    """Compare two values as a whole, whatever their type."""


def by_key(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Part]:
    """Match the values of two mappings by their key, in the order of the new one; what is gone comes last."""
    return (Part(key, old.get(key), new.get(key)) for key in dict.fromkeys([*new, *old]))


def walk(old: BaseModel, new: BaseModel, rules: Rules) -> Iterator[Change]:
    """Yield every change of meaning between two models of one type, in the order of their fields."""
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
    for each in parts:
        yield from _changes(each, each.rule or Rule(rule.verdict, rule.gone), rules, around, at)


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
    """A value as JSON has it: models become mappings, periods become text."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Period | PeriodRange) else value
