"""What an action is, and the register of those there are.

To add one, write a file here that makes an `Action` and registers it: its word in
policies and plans, its sign, the rights it needs, and how it acts on a page of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from servanda.stores.verbs import Group, Page, Session, Work

Act = Callable[[Session, Work, Page, Sequence[Group]], int]
_KNOWN: dict[str, Action] = {}


@dataclass(frozen=True, slots=True)
class Action:
    """An action. `act` ends the rows of a page and returns how many; None: not in this version.

    `sign` stands before its line in a plan, `to` and `done` in its sentences ("to delete",
    "deleted"), `rights` are what the role of `apply` needs on the table.
    """

    name: str
    sign: str
    to: str
    done: str
    rights: frozenset[str]
    act: Act | None
    ends: bool = True


def register(new: Action) -> Action:
    """Add an action to those that are known."""
    _KNOWN[new.name] = new
    return new


def action(name: str) -> Action:
    """The action with this name. Raises KeyError where nobody registered it."""
    return _KNOWN[name]


def known() -> list[Action]:
    """Every action, in the order in which they were registered."""
    return list(_KNOWN.values())
