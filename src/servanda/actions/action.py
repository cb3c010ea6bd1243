"""What an action is, and the register of those there are.

To add one, write a file here that makes an `Action` and registers it. It brings all that is said of it:
its word in policies and plans, its sign, its section in a plan, the rights that it needs, and how a step
of it is carried out. No other file compares names of actions.
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
"""Ends, or does something with, the rows of a page, and returns how many they were."""

Step = Any
"""A step of a plan. Actions hand it on and look at nothing but its `rows` and `held`."""


class Run(Protocol):
    """What `apply` offers to an action. Each verb returns when the step is done, stopped or interrupted."""

    def drop_partitions(self, step: Step) -> None:
        """Drop the partitions in which every row is meant, as a whole; the rest is left for pages."""

    def page(self, step: Step, act: Act) -> None:
        """Page through the rows of a step, each page in a transaction, intended and recorded in the ledger."""

    def archive(self, step: Step) -> None:
        """Page through the rows of a step, and archive them as their place says."""

    def end_archived(self, step: Step) -> None:
        """End archived rows with their keys."""

    def note_events(self, step: Step) -> None:
        """Page through the rows of a step, and record the event of each."""

    def warn(self, step: Step) -> None:
        """Write to the persons of a step; forget who was warned and became active again."""

    def erase(self, step: Step) -> None:
        """End what is due of persons who asked to be erased, each in one transaction a store."""


CarryOut = Callable[[Run, Step], None]


@dataclass(frozen=True, slots=True)
class Action:
    """An action: its words, what follows from it, and how it is carried out.

    `sign` stands before its line in a plan; `to` and `done` in its sentences ("to delete", "deleted"), with
    `noun` for what is counted. Its lines stand under `section`, and sections in the order of `order`.
    `rights` are what the role of `apply` needs on the table.
    `end`: what a policy says with `end: NAME`: that rows go, that fields are emptied; empty: not a policy's word.
    `ends`: whether personal data are gone afterwards, so that limits on size, holds and sums count it.
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
        """Whether rows of the store's own tables are changed by it."""
        return bool(self.rights & {"UPDATE", "DELETE"})


_KNOWN: dict[str, Action] = {}


def register(new: Action) -> Action:
    """Add an action. Raises ValueError where another one has its name."""
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
    """The action with this name. Raises KeyError where nobody registered it."""
    return load()[name]


def known() -> list[Action]:
    """Every action, in the order of their sections in a plan."""
    return list(load().values())
