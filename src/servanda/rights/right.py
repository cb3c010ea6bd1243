"""A right: its name, its article, what a request for it needs, and how it is carried out. One file a right.

    RIGHT = register(Right("erasure", "GDPR 17", 17, plan=_plan, act=_act))

`plan` looks and changes nothing; `act` does what was planned, and may be done again after a process died:
what is done is not done twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path

from servanda.errors import ServandaError
from servanda.rights.answer.outcome import Outcome
from servanda.rights.case import Case

Step = Callable[[Case], Outcome]


@dataclass(frozen=True, slots=True)
class Right:
    """A right of a person. `article` is where it stands, `aliases` are words people use for it.

    Without `proof` it is carried out before anybody knows who asks: to stop writing to an
    address takes no more than the address. With `rows` it is about rows, so that nothing is to be done
    where nobody is found; with `copies` its answer is a copy to download; `passes_on` says that
    recipients are told (GDPR 19); what is not `listed` nobody can ask for. `asks` are the fields that a
    request for it must bring, `may_ask` those that it may; `order` is where it stands on a page.
    `customers` ask for it whom the company serves as a processor (GDPR 28). With `archives` it goes on where
    nothing but archived rows is left of a person.
    """

    name: str
    article: str
    order: int
    plan: Step = field(repr=False)
    act: Step = field(repr=False)
    proof: bool = True
    rows: bool = True
    copies: bool = False
    passes_on: bool = False
    listed: bool = True
    customers: bool = False
    archives: bool = False
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


RIGHTS: dict[str, Right] = {}
"""Every right, by name; filled when the files of this folder are loaded."""


def register(found: Right) -> Right:
    """Make a right known by its name."""
    if found.name in RIGHTS:
        raise ValueError(f"two files register the right {found.name}")
    RIGHTS[found.name] = found
    return found


@cache
def load() -> dict[str, Right]:
    """Load every right: each file of the folder `each`."""
    for file in sorted((Path(__file__).parent / "each").glob("[a-z]*.py")):
        import_module(f"servanda.rights.each.{file.stem}")
    return {found.name: found for found in sorted(RIGHTS.values(), key=lambda found: found.order)}


def listed() -> list[Right]:
    """The rights that people can ask for."""
    return [found for found in load().values() if found.listed]


def right_of(word: str) -> Right:
    """The right with this name, or a word for it. Raises ServandaError with the known ones."""
    folded = word.casefold().replace(" ", "-")
    for found in load().values():
        if folded in (found.name, *found.aliases):
            return found
    raise ServandaError(
        f"there is no right “{word}”", advice=f"one of: {', '.join(found.name for found in listed())}"
    )
