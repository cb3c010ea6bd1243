"""How a right is carried out. One file a right, in `rights/each/`; its name and article stand in `law/rights.py`.

    RIGHT = register(Right(RIGHTS["erasure"], plan, act))

`plan` looks and changes nothing; `act` does what was planned, and may be done again after a process died:
what is done is not done twice. A right whose sentences are missing in a catalogue is refused when rights
are loaded, with the missing keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Literal

from servanda.errors import ServandaError
from servanda.law.rights import LegalRight, declare
from servanda.locale import LANGUAGES, catalogue
from servanda.rights.answer.outcome import Outcome
from servanda.rights.case import Case

Step = Callable[[Case], Outcome]


@dataclass(frozen=True, slots=True)
class Right:
    """How a right is carried out.

    Without `proof` it is carried out before anybody knows who asks: to stop writing to an
    address takes no more than the address. With `rows` it is about rows, so that nothing is to be done
    where nobody is found; `copy` is the kind of copy that its answer brings, and `keeps_copy` says that the
    copy stays after the answer. `passes_on`: recipients are told (GDPR 19). `may_ask` are fields that a
    request for it may bring, `form` the question that its form asks. `customers` ask for it whom the company
    serves as a processor (GDPR 28). With `archives` it goes on where nothing but archived rows is left of a
    person. `ends`: the person's rows are ended by it. `rehearse` says how a rehearsal tries it, where that is
    not its `plan`.
    """

    law: LegalRight
    plan: Step = field(repr=False)
    act: Step = field(repr=False)
    proof: bool = True
    rows: bool = True
    copy: Literal["", "access", "portability"] = ""
    keeps_copy: bool = False
    passes_on: bool = False
    customers: bool = False
    archives: bool = False
    ends: bool = False
    may_ask: tuple[str, ...] = ()
    form: Literal["", "what", "wish"] = ""
    rehearse: Step | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Its name, such as `erasure`."""
        return self.law.name

    @property
    def article(self) -> str:
        """Where it stands in the law."""
        return self.law.article

    @property
    def listed(self) -> bool:
        """Whether persons choose it on a form."""
        return self.law.listed


_KNOWN: dict[str, Right] = {}


def register(found: Right) -> Right:
    """Make a right known by its name. Raises ValueError where two files register one."""
    if found.name in _KNOWN:
        raise ValueError(f"two files register the right {found.name}")
    declare(found.law)
    _KNOWN[found.name] = found
    return found


@cache
def load() -> dict[str, Right]:
    """Every right by name, in order: each file of the folder `each`.

    Raises ServandaError where sentences of one are missing.
    """
    for file in sorted((Path(__file__).parent / "each").glob("[a-z]*.py")):
        import_module(f"servanda.rights.each.{file.stem}")
    rights = sorted(_KNOWN.values(), key=lambda right: right.law.order)
    missing = [key for right in rights for key in _missing(right)]
    if missing:
        raise ServandaError(
            f"sentences are missing for rights: {', '.join(missing)}",
            advice="add them to the catalogues in src/servanda/locale",
        )
    return {right.name: right for right in rights}


def _missing(right: Right) -> Iterator[str]:
    """The sentences that a right needs and that a catalogue lacks, such as fr/letters.po right.review."""
    name = right.name
    wanted = {"centre": [f"right.{name}"], "letters": [f"right.{name}"]}
    if right.listed:
        wanted["centre"].append(f"right.{name}.says")
    if right.listed or right.customers:
        wanted["letters"] += [f"answered-{name}.subject", f"answered-{name}.1"]
    for language in LANGUAGES:
        for domain, keys in wanted.items():
            words = catalogue(domain, language)
            yield from (f"{language}/{domain}.po {key}" for key in keys if not words.knows(key))


def listed() -> list[Right]:
    """The rights that people can ask for."""
    return [found for found in load().values() if found.listed]


def right_of(word: str) -> Right:
    """The right with this name, or a word for it. Raises ServandaError with the known ones."""
    folded = word.casefold().replace(" ", "-")
    for found in load().values():
        if folded in (found.name, *found.law.aliases):
            return found
    raise ServandaError(
        f"there is no right “{word}”", advice=f"one of: {', '.join(found.name for found in listed())}"
    )
