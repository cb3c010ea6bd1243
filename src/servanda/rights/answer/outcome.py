"""The outcome of a request: first as planned, then as done.

It contains places, numbers and days, but no personal data, so that it may be stored in the ledger.

    ready     it can be done, or was
    nobody    nothing is held about them
    erased    they were erased before, on a day
    several   several persons match; somebody has to choose
    refused   it would fail half way, or needs a decision first; nothing is changed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from servanda.persons.remaining_rows import Rest

Kind = Literal["ready", "nobody", "erased", "several", "refused"]
Done = Literal[
    "copy", "delete", "anonymise", "detach", "keep", "held", "shared", "correct", "restrict", "flag"
]


@dataclass(frozen=True, slots=True)
class Line:
    """The number of rows of some places, and what is done with them."""

    places: tuple[str, ...]
    done: Done
    rows: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is, or was, done. `stopped` lists the stores that failed, each with the reason.

    `residue` is the number of rows with identifiers left, `residue_in` are their columns, as PLACE.COLUMN,
    `digest` is the SHA-256 of a copy, `size` its bytes, `erased_on` the day of an earlier erasure. `undecided` are
    tables that hold their address and that no place of the stores document covers, so that nothing was done there.
    """

    kind: Kind = "ready"
    lines: tuple[Line, ...] = ()
    kept: tuple[Rest, ...] = ()
    refused: tuple[str, ...] = ()
    stopped: tuple[tuple[str, str], ...] = ()
    residue: int = 0
    residue_in: tuple[str, ...] = ()
    digest: str = ""
    size: int = 0
    erased_on: date | None = None
    more: Mapping[str, Any] | None = None
    undecided: tuple[str, ...] = ()

    @property
    def ends(self) -> bool:
        """Whether any row was deleted, emptied or detached."""
        return any(
            line.done in ("delete", "anonymise", "detach", "shared") and line.rows for line in self.lines
        )

    @property
    def held(self) -> bool:
        """Whether a hold keeps some of it."""
        return any(line.done == "held" for line in self.lines)

    @property
    def whole(self) -> bool:
        """Whether nothing is left to do."""
        return self.kind != "refused" and not self.stopped

    @property
    def places(self) -> set[str]:
        """The places that it touches."""
        return {name for line in self.lines for name in line.places}

    def rows(self, *done: Done) -> int:
        """How many rows something is done with; all, where nothing is named."""
        return sum(line.rows for line in self.lines if not done or line.done in done)

    def facts(self) -> dict[str, Any]:
        """The outcome as JSON values, without personal data."""
        kept = [
            {"place": k.place, "columns": list(k.columns), "rows": k.rows, "promise": k.promise}
            | {"ground": k.ground, "article": k.article, "until": k.until.isoformat() if k.until else None}
            for k in self.kept
        ]
        said: dict[str, Any] = {
            "outcome": self.kind,
            "lines": [{"places": list(n.places), "done": n.done, "rows": n.rows} for n in self.lines],
            "kept": kept,
            "refused": list(self.refused),
            "stopped": [list(pair) for pair in self.stopped],
            "residue": self.residue,
            "residue_in": list(self.residue_in),
            "digest": self.digest,
            "size": self.size,
            "erased_on": self.erased_on.isoformat() if self.erased_on else None,
            "more": dict(self.more or {}),
            "undecided": list(self.undecided),
        }
        return {name: value for name, value in said.items() if value or name == "outcome"}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Outcome:
        """The outcome that `facts` encoded."""
        return cls(
            kind=facts.get("outcome", "ready"),
            lines=tuple(Line(tuple(n["places"]), n["done"], n["rows"]) for n in facts.get("lines", ())),
            kept=tuple(
                Rest(
                    k["place"], k["rows"], "law", tuple(k["columns"]),
                    date.fromisoformat(k["until"]) if k["until"] else None,
                    k["promise"], "", k["ground"], k["article"],
                )
                for k in facts.get("kept", ())
            ),
            refused=tuple(facts.get("refused", ())),
            stopped=tuple((store, why) for store, why in facts.get("stopped", ())),
            residue=facts.get("residue", 0),
            residue_in=tuple(facts.get("residue_in", ())),
            digest=facts.get("digest", ""),
            size=facts.get("size", 0),
            erased_on=date.fromisoformat(facts["erased_on"]) if facts.get("erased_on") else None,
            more=facts.get("more") or {},
            undecided=tuple(facts.get("undecided", ())),
        )  # fmt: skip
