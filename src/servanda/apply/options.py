"""The options of an apply, its listener, and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from servanda.apply.pace import PaceChoice
from servanda.plan.plan import Step
from servanda.stores.verbs import Scrubbed


class Listener(Protocol):
    """Receives messages and progress of an apply: a terminal, a file, a page."""

    def said(self, sentence: str) -> None:
        """Called with a message for the user."""

    def moved(self, step: Step, done: int) -> None:
        """Called after a page; `done` is the number of rows of the step so far."""


class Pause(Protocol):
    """Pauses an apply between two pages."""

    def asked(self) -> bool:
        """Whether somebody asked to pause."""

    def wait(self) -> None:
        """Block until the apply may continue."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options of an apply: rows allowed over the limit by place, `stop` to interrupt, `quick` to start at watermarks.

    `scrub`: rewrite the changed tables afterwards. `pace` overrides the pace of every store; None: as in stores.yaml.
    """

    allow: Mapping[str, int] = field(default_factory=dict)
    stop: Callable[[], bool] = lambda: False
    quick: bool = False
    pace: PaceChoice | None = None
    pause: Pause | None = None
    scrub: bool = False


@dataclass(slots=True)
class Outcome:
    """The outcome of an apply: rows by step, why steps stopped, whether somebody asked to stop.

    `scrubbed` are the rewritten tables, `unscrubbed` those that were not, each with the reason.
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
        """Whether everything planned was done."""
        return not self.stopped and not self.interrupted and not self.unscrubbed
