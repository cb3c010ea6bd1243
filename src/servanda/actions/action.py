"""The `Action` type, and the registry of actions.

To add an action, write a file here that creates an `Action` and registers it, with its word in policies and plans,
its sign, its section in a plan, the database rights that it needs, and a function that carries out a step. No
other file compares names of actions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal, Protocol

from servanda.policy.ends import declare
from servanda.stores.verbs import Group, Page, Session, Work

Act = Callable[[Session, Work, Page, Sequence[Group]], int]
"""Acts on the rows of a page, and returns the number of rows."""

Step = Any
"""A step of a plan. Actions pass it on; they read its `rows` and `held` only."""


class Run(Protocol):
    """The operations that `apply` offers to an action. Each returns when the step is done, stopped or interrupted."""

    def drop_partitions(self, step: Step) -> None:
        """Drop the partitions in which every row is due; the remaining rows are left for `page`."""

    def page(self, step: Step, act: Act) -> None:
        """Act on the rows of a step in pages, each in a transaction, with intent and outcome in the ledger."""

    def archive(self, step: Step) -> None:
        """Archive the rows of a step in pages, as their place declares."""

    def end_archived(self, step: Step) -> None:
        """Destroy archived rows with their keys."""

    def note_events(self, step: Step) -> None:
        """Record an event for each row of a step, in pages."""

    def warn(self, step: Step) -> None:
        """Write to the persons of a step; delete warnings of persons who became active again."""

    def erase(self, step: Step) -> None:
        """Erase the due rows of persons who asked, in one transaction per store."""


CarryOut = Callable[[Run, Step], None]


@dataclass(frozen=True, slots=True)
class Action:
    """An action: its words, its properties, and how it is carried out.

    `sign` precedes its line in a plan; `to` and `done` are used in sentences ("to delete", "deleted"), with
    `noun` for what is counted. Lines are grouped under `section`, sections sorted by `order`. `rights` are the
    database rights that the role of `apply` needs on the table.
    `end`: whether `end: NAME` in a policy deletes the row or empties fields; empty: not allowed in a policy.
    `ends`: whether personal data are gone afterwards, so that size limits, holds and sums apply.
    `owed`: whether rows are overdue until it is done. `leaves_bytes`: whether files of the store may still hold
    what was ended. `ranges`: whether it can work on a table without a key, by ranges of the trigger.
    """

    name: str
    sign: str
    to: str
    done: str
    section: str
    order: int
    rights: frozenset[str]
    carry_out: CarryOut = field(repr=False)
    noun: str = "row"
    end: Literal["", "row", "fields"] = ""
    ends: bool = True
    makes_overdue: bool = True
    leaves_bytes: bool = False
    ranges: bool = False

    @property
    def writes(self) -> bool:
        """Whether it changes rows of the application's tables."""
        return bool(self.rights & {"UPDATE", "DELETE"})


_KNOWN: dict[str, Action] = {}


def register(new: Action) -> Action:
    """Register an action. Raises ValueError if another one has its name."""
    if _KNOWN.setdefault(new.name, new) is not new:
        raise ValueError(f"two files register the action {new.name}")
    if new.end:
        declare(new.name, keeps_row=new.end == "fields")
    return new


@cache
def load() -> dict[str, Action]:
    """Every action by its name: each file of this folder."""
    package = import_module("servanda.actions")
    for file in iter_modules(package.__path__, "servanda.actions."):
        import_module(file.name)
    return {a.name: a for a in sorted(_KNOWN.values(), key=lambda a: a.order)}


def action(name: str) -> Action:
    """The action with this name. Raises KeyError if there is none."""
    return load()[name]


def known() -> list[Action]:
    """Every action, in the order of their sections in a plan."""
    return list(load().values())
