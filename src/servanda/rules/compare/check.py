"""What a check is, and how the checks of one promise make its state.

    @check(ByAuthority)
    def authority(looking: Looking, promise: Promise, said: ByAuthority) -> Seen: …

One that is broken breaks the promise; one that cannot look leaves it at risk; one that wants
something leaves it for later. Only where all agree is it checked.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from servanda.policy.document import Strict
from servanda.policy.promise import Promise
from servanda.policy.status import PromiseStatus, State
from servanda.rules.compare.looking import Comparison

_ORDER: tuple[State, ...] = ("broken", "at_risk", "not_yet", "checked")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one check saw. `why` is a clause: what was compared, what differs, or what is missing."""

    state: State
    why: str
    where: tuple[str, ...] = ()


Said = TypeVar("Said", bound=Strict)
_CHECKS: dict[str, Callable[[Comparison, Promise, Any], Seen]] = {}


def check(
    kind: type[Said],
) -> Callable[[Callable[[Comparison, Promise, Said], Seen]], Callable[[Comparison, Promise, Said], Seen]]:
    """Register how one kind of check looks."""

    def register(
        look: Callable[[Comparison, Promise, Said], Seen],
    ) -> Callable[[Comparison, Promise, Said], Seen]:
        _CHECKS[kind.__name__] = look
        return look

    return register


def checked(why: str, *where: str) -> Seen:
    """Reality agrees; `why` says what was compared."""
    return Seen("checked", why, where)


def broken(why: str, *where: str) -> Seen:
    """Reality does not agree."""
    return Seen("broken", why, where)


def at_risk(why: str, *where: str) -> Seen:
    """It cannot be said now."""
    return Seen("at_risk", why, where)


def not_yet(why: str, *where: str) -> Seen:
    """Nothing here can say it; `why` begins with “needs”."""
    return Seen("not_yet", why, where)


def worst(parts: list[Seen]) -> Seen:
    """Several looks as one: the worst state, with everything that is in it. At least one is given."""
    state = min((part.state for part in parts), key=_ORDER.index)
    same = [part for part in parts if part.state == state]
    where = tuple(dict.fromkeys(w for part in parts for w in part.where))
    return Seen(state, _sentence([part.why for part in same]), where)


_HEAD = re.compile(r"(needs |SV\d+ [\w-]+: )")


def _sentence(clauses: list[str]) -> str:
    """Clauses one after the other; “needs”, and the rule that says several, are said once."""
    said, last = [], ""
    for clause in dict.fromkeys(clause for clause in clauses if clause):
        head = _HEAD.match(clause)
        begins = head[0] if head else ""
        said.append(clause.removeprefix(begins) if begins == last else clause)
        last = begins
    return "; ".join(said)


def standing(looking: Comparison, promise: Promise, now: datetime) -> PromiseStatus:
    """How a promise that says what it is compared with stands now."""
    _load()
    parts = [_CHECKS[type(said).__name__](looking, promise, said) for said in promise.checked]
    seen = worst(parts)
    evidence = {"compared": [part.why for part in parts if part.state in ("checked", "broken")]}
    last = now if seen.state == "checked" else None
    return PromiseStatus(promise, seen.state, ", ".join(seen.where), seen.why, last, evidence=evidence)


def _load() -> None:
    folder = importlib.import_module("servanda.rules.compare")
    for file in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"servanda.rules.compare.{file.name}")
