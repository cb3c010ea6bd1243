"""How a right is carried out: one file per right in `rights/each/`; names and articles are in `law/rights.py`.

    RIGHT = register(Right(RIGHTS["erasure"], plan, act))

`plan` changes nothing. `act` carries out the plan and is idempotent, so that it can be repeated after a crash. If
sentences of a right are missing in a catalogue, loading the rights fails with the missing keys.
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

    `proof`: the identity of the asker must be proved first. `rows`: it acts on rows, so that there is nothing to do
    if no person is found. `copy` is the kind of copy in its answer; `keeps_copy`: the copy is kept after the answer.
    `passes_on`: recipients are notified (GDPR 19). `may_ask` are the fields of a request, `form` the question of its
    form. `customers`: customers of the company as a processor ask for it (GDPR 28). `archives`: it is carried out
    even if only archived rows are left. `ends`: it erases rows. `rehearse` replaces `plan` in a rehearsal.
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
        """Its article in the law."""
        return self.law.article

    @property
    def listed(self) -> bool:
        """Whether persons choose it on a form."""
        return self.law.listed


_KNOWN: dict[str, Right] = {}


def register(found: Right) -> Right:
    """Register a right. Raises ValueError if two files register the same name."""
    if found.name in _KNOWN:
        raise ValueError(f"two files register the right {found.name}")
    declare(found.law)
    _KNOWN[found.name] = found
    return found


@cache
def load() -> dict[str, Right]:
    """Every right by name, in order: each file of the folder `each`.

    Raises ServandaError if sentences are missing.
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
    """The sentences of a right that a catalogue lacks, such as fr/letters.po right.review."""
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
