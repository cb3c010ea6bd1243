"""A plan: its steps in order, their counts, and the pinned inputs.

A plan is made, reviewed, and carried out later or never. Its file contains counts, cutoffs and digests, but no
personal data; the statements are built again from the pinned documents when it is carried out.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import rfc8785

from servanda.errors import Refused, ServandaError
from servanda.persons.remaining_rows import Rest, Unfinished
from servanda.plan.archiving import Archiving
from servanda.plan.due import Due, Of
from servanda.stores.document.change import Change
from servanda.stores.selection import Condition, LatestTime

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One action at one place. `rows` are due; `held` would be, were they not held.

    `condition` selects the rows, holds excluded. `since` is the watermark: rows with an earlier trigger were
    ended before; `marks` the next one. `total` counts the rows with a trigger, to judge the size of the step.
    `event` is the event to record, if any; `due` is the promise or request behind the step.
    """

    id: str
    place: str
    store: str
    table: str
    action: str
    promises: tuple[str, ...]
    names: tuple[str, ...]
    line: int
    words: str
    rows: int
    held: int
    total: int
    signature: str
    why: str = ""
    event: str = ""
    since: date | None = None
    marks: date | None = None
    due: Due | None = field(default=None, repr=False, compare=False)
    condition: Condition | None = field(default=None, repr=False, compare=False)
    groups: tuple[tuple[Condition | None, tuple[tuple[str, Change], ...]], ...] = field(
        default=(), repr=False, compare=False
    )
    folds: tuple[LatestTime, ...] = field(default=(), repr=False, compare=False)
    archiving: Archiving | None = field(default=None, repr=False, compare=False)

    def summary(self) -> dict[str, Any]:
        """The step as written to the plan's file and to the ledger."""
        skip = {"due", "condition", "groups", "folds", "archiving"}
        found = {k: v for k, v in asdict_shallow(self).items() if k not in skip}
        return {k: v.isoformat() if isinstance(v, date) else v for k, v in found.items()}


def asdict_shallow(step: Step) -> dict[str, Any]:
    """The fields of a step, tuples as lists."""
    names = Step.__slots__
    return {n: list(v) if isinstance(v := getattr(step, n), tuple) else v for n in names}


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows whose maximum is over and that another ground keeps; `until` is the last day of the latest of them."""

    place: str
    rows: int
    until: str | None
    ground: str
    promise: str
    name: str


@dataclass(frozen=True, slots=True)
class WithoutEnd:
    """Rows without a trigger date: reported, never ended."""

    place: str
    trigger: str
    rows: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Overdue rows whose persons were not warned, or not long enough ago."""

    place: str
    promise: str
    rows: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """Overdue rows that cannot end: rows that stay reference them, a program writes there, or a column refuses.

    Or fields that nothing empties, while their row stays for others; then `promises` are those on the fields, where
    otherwise every promise on the place is concerned.
    """

    place: str
    rows: int
    why: str = "pointed at"
    promises: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SmallestGroup:
    """Rows kept for statistics: the smallest group of equal rows has `k` of them."""

    place: str
    k: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One unfinished erasure: the due rows by place, and the rows that stay.

    `why_not` gives the reasons if it is refused.
    """

    request: int | None
    due: tuple[tuple[str, int], ...]
    rests: tuple[Rest, ...]
    why_not: tuple[str, ...] = ()

    def summary(self) -> dict[str, Any]:
        """The erasure as written to the plan's file."""
        rests = [
            {
                "place": r.place,
                "rows": r.rows,
                "why": r.why,
                "until": r.until.isoformat() if r.until else None,
            }
            for r in self.rests
        ]
        due = [{"place": place, "rows": rows} for place, rows in self.due]
        return {"request": self.request, "due": due, "rests": rests, "why_not": list(self.why_not)}


@dataclass(frozen=True, slots=True)
class Pins:
    """The inputs of a plan; if one of them has changed, the plan is refused."""

    policy: str
    stores: str
    shapes: dict[str, str]
    epoch: int
    program: str

    def difference(self, other: Pins) -> str | None:
        """What changed, in words, or None."""
        names = {
            "policy": "the policy",
            "stores": "the stores document",
            "epoch": "the holds",
            "program": "Servanda",
        }
        for key, words in names.items():
            if getattr(self, key) != getattr(other, key):
                return f"{words} changed since"
        changed = sorted(k for k in self.shapes | other.shapes if self.shapes.get(k) != other.shapes.get(k))
        return f"the tables of store “{changed[0]}” changed since" if changed else None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due on `today`, the company's local date, read at `made_at`.

    `asked` are the unfinished erasures. `due_persons` are the persons with due rows, `unchanged` the erasures
    without; both in memory only.
    """

    made_at: datetime
    today: date
    version: str
    promises: int
    pins: Pins
    steps: tuple[Step, ...]
    kept: tuple[Kept, ...] = ()
    without_end: tuple[WithoutEnd, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    copies: tuple[tuple[str, str], ...] = ()
    holds: tuple[tuple[int, str], ...] = ()
    groups: tuple[SmallestGroup, ...] = ()
    stuck: tuple[Stuck, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    asked: tuple[Asked, ...] = ()
    due_persons: tuple[Of, ...] = field(default=(), repr=False)
    unchanged: tuple[Unfinished, ...] = field(default=(), repr=False)
    preview: bool = False
    quick: bool = False

    @property
    def name(self) -> str:
        """The plan's name: when it was made."""
        return self.made_at.strftime("%Y%m%d-%H%M%S")

    @property
    def due(self) -> int:
        """The number of due rows and letters."""
        return sum(s.rows for s in self.steps)

    def rows(self, action: str) -> int:
        """How many rows are due for an action."""
        return sum(s.rows for s in self.steps if s.action == action)

    def content(self) -> dict[str, Any]:
        """The plan as written to its file."""
        return {
            "format": FORMAT,
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "today": self.today.isoformat(),
            "version": self.version,
            "promises": self.promises,
            "preview": self.preview,
            "quick": self.quick,
            "pins": asdict(self.pins),
            "steps": [s.summary() for s in self.steps],
            "kept": [asdict(k) for k in self.kept],
            "without_end": [asdict(w) for w in self.without_end],
            "left_out": [{"place": p, "why": w} for p, w in self.left_out],
            "copies": [{"place": p, "what": w} for p, w in self.copies],
            "groups": [asdict(g) for g in self.groups],
            "stuck": [asdict(s) for s in self.stuck],
            "waiting": [asdict(w) for w in self.waiting],
            "asked": [a.summary() for a in self.asked],
            "holds": [{"id": i, "kind": k} for i, k in self.holds],
        }

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the plan's canonical text."""
        return hashlib.sha256(rfc8785.dumps(self.content())).hexdigest()

    def save(self, folder: Path) -> Path:
        """Write the plan to a folder, under its name. Raises ServandaError if the file cannot be written."""
        path = folder / f"{self.name}.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps({**self.content(), "digest": self.digest}, indent=1, ensure_ascii=False)
            path.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise ServandaError(
                f"the plan cannot be saved: {error.strerror}", advice=f"look at {folder}"
            ) from None
        return path


@dataclass(frozen=True, slots=True)
class Saved:
    """A plan read from its file: pins and counts, without conditions."""

    content: dict[str, Any]
    digest: str

    @property
    def made_at(self) -> datetime:
        """When it was made."""
        return datetime.fromisoformat(self.content["made_at"])

    @property
    def today(self) -> date:
        """The company's local date that it was made for."""
        return date.fromisoformat(self.content["today"])

    @property
    def pins(self) -> Pins:
        """What it was made from."""
        return Pins(**self.content["pins"])

    def rows(self) -> dict[str, int]:
        """The rows that each step counted, by the step's id."""
        return {s["id"]: s["rows"] for s in self.content["steps"]}


def load(path: Path) -> Saved:
    """Read a plan's file. Raises ServandaError if there is none, Refused if it is no plan or was edited."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        digest = content.pop("digest")
        known = content["format"] == FORMAT
    except FileNotFoundError:
        raise ServandaError(f"there is no plan {path}", advice="make one with: servanda plan") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Refused(f"{path.name} is not a plan", advice="make one with: servanda plan") from None
    if not known or hashlib.sha256(rfc8785.dumps(content)).hexdigest() != digest:
        raise Refused(
            f"{path.name} was changed after it was made", advice="make a new one with: servanda plan"
        )
    return Saved(content, digest)
