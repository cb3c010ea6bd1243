"""What the caller of an apply gives, who watches it, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from servanda.apply.pace import PaceChoice
from servanda.plan.plan import Step
from servanda.stores.verbs import Scrubbed


class Listener(Protocol):
    """Who watches an apply: a terminal, a file, a page."""

    def said(self, sentence: str) -> None:
        """Something worth a line happened."""

    def moved(self, step: Step, done: int) -> None:
        """A page of a step was done; `done` rows of it so far."""


class Pause(Protocol):
    """Who may pause an apply between two pages."""

    def asked(self) -> bool:
        """Whether somebody asked to pause."""

    def wait(self) -> None:
        """Return when the apply is to go on."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller allows (rows by place), how it asks to stop, and whether watermarks are believed.

    `scrub`: afterwards, write the tables anew in which rows ended.
    `pace` is that of every store; None: as stores.yaml says.
    """

    allow: Mapping[str, int] = field(default_factory=dict)
    stop: Callable[[], bool] = lambda: False
    quick: bool = False
    pace: PaceChoice | None = None
    pause: Pause | None = None
    scrub: bool = False


@dataclass(slots=True)
class Outcome:
    """What was done: rows by step, what stopped a step, whether somebody asked to stop.

    `scrubbed` are the tables that were written anew, `unscrubbed` those that were not, and why.
    """

    run: str
    done: dict[str, int] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    entry: int = 0
    scrubbed: list[Scrubbed] = field(default_factory=list)
    unscrubbed: dict[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether everything that was planned was done."""
        return not self.stopped and not self.interrupted and not self.unscrubbed
