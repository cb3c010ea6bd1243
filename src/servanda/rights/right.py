"""A right: its name, its article, and what a request for it needs. One file a right registers itself.

    @right("erasure", "GDPR 17")
    def due(case: Case) -> Due: …

`due` looks and changes nothing; what it returns is shown to a person as the plan of the request, and is
carried out by `apply`, the only writer of stores.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from servanda.errors import ServandaError


@dataclass(frozen=True, slots=True)
class Right:
    """A right of a person. `article` is where it stands, `aliases` are words people use for it.

    Without `proof` it is carried out before anybody knows who asks: to stop writing to an
    address takes no more than the address. `asks` are the fields that a request for it must bring.
    """

    name: str
    article: str
    proof: bool = True
    asks: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


RIGHTS: dict[str, Right] = {}
"""Every right, by name; filled when the files of this folder are loaded."""
_NOT_RIGHTS = frozenset(
    {"__init__", "letters", "links", "login", "requests", "right", "story", "suppressed", "wishes"}
)


def register(found: Right) -> Right:
    """Make a right known by its name."""
    if found.name in RIGHTS:
        raise ValueError(f"two files register the right {found.name}")
    RIGHTS[found.name] = found
    return found


@cache
def load() -> dict[str, Right]:
    """Load every right of this folder."""
    for file in sorted(Path(__file__).parent.glob("*.py")):
        if file.stem not in _NOT_RIGHTS:
            import_module(f"servanda.rights.{file.stem}")
    return RIGHTS


def right_of(word: str) -> Right:
    """The right with this name, or a word for it. Raises ServandaError with the known ones."""
    folded = word.casefold().replace(" ", "-")
    for found in load().values():
        if folded in (found.name, *found.aliases):
            return found
    raise ServandaError(f"there is no right “{word}”", advice=f"one of: {', '.join(load())}")
