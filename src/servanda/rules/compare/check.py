"""The registry of checks, and the state of a promise that has several.

    @check(ByAuthority)
    def authority(comparison: Comparison, promise: Promise, spec: ByAuthority) -> CheckResult: …

The worst state counts: broken, then at_risk, then not_yet, then checked.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from servanda.policy.base import Strict
from servanda.policy.promise import Promise
from servanda.policy.promise_status import PromiseStatus, State
from servanda.rules.compare.comparison import Comparison

_ORDER: tuple[State, ...] = ("broken", "at_risk", "not_yet", "checked")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check. `why` is a clause: what was compared, what differs, or what is missing."""

    state: State
    why: str
    where: tuple[str, ...] = ()


Spec = TypeVar("Spec", bound=Strict)
_CHECKS: dict[str, Callable[[Comparison, Promise, Any], CheckResult]] = {}


def check(
    kind: type[Spec],
) -> Callable[
    [Callable[[Comparison, Promise, Spec], CheckResult]], Callable[[Comparison, Promise, Spec], CheckResult]
]:
    """Register the function that runs one kind of check."""

    def register(
        function: Callable[[Comparison, Promise, Spec], CheckResult],
    ) -> Callable[[Comparison, Promise, Spec], CheckResult]:
        _CHECKS[kind.__name__] = function
        return function

    return register


def checked(why: str, *where: str) -> CheckResult:
    """The promise agrees with the stores or the document; `why` says what was compared."""
    return CheckResult("checked", why, where)


def broken(why: str, *where: str) -> CheckResult:
    """The promise does not agree; `why` says what differs."""
    return CheckResult("broken", why, where)


def at_risk(why: str, *where: str) -> CheckResult:
    """Undecided now; `why` says what does not answer."""
    return CheckResult("at_risk", why, where)


def not_yet(why: str, *where: str) -> CheckResult:
    """Not decidable from here; `why` begins with “needs”."""
    return CheckResult("not_yet", why, where)


def worst(parts: list[CheckResult]) -> CheckResult:
    """Merge results: the worst state, with the reasons of all results in it. `parts` is not empty."""
    state = min((part.state for part in parts), key=_ORDER.index)
    decisive = [part for part in parts if part.state == state]
    where = tuple(dict.fromkeys(w for part in parts for w in part.where))
    return CheckResult(state, _sentence([part.why for part in decisive]), where)


_HEAD = re.compile(r"(needs |SV\d+ [\w-]+: )")


def _sentence(clauses: list[str]) -> str:
    """Join clauses with semicolons; a repeated “needs” or rule name is written once."""
    parts, previous = [], ""
    for clause in dict.fromkeys(clause for clause in clauses if clause):
        head = _HEAD.match(clause)
        prefix = head[0] if head else ""
        parts.append(clause.removeprefix(prefix) if prefix == previous else clause)
        previous = prefix
    return "; ".join(parts)


def status_of(comparison: Comparison, promise: Promise, now: datetime) -> PromiseStatus:
    """Run the checks of a promise (`checked:` in the policy) and return its status."""
    _load()
    parts = [_CHECKS[type(spec).__name__](comparison, promise, spec) for spec in promise.checked]
    result = worst(parts)
    evidence = {"compared": [part.why for part in parts if part.state in ("checked", "broken")]}
    last = now if result.state == "checked" else None
    return PromiseStatus(promise, result.state, ", ".join(result.where), result.why, last, evidence=evidence)


def _load() -> None:
    folder = importlib.import_module("servanda.rules.compare")
    for file in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"servanda.rules.compare.{file.name}")
