"""What every typed sentence of the text has: the promise that says the same, and its line."""

from __future__ import annotations

from typing import Annotated

from servanda.policy.document import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import Line


class Sentence(Strict):
    """Something that the published text states. `line` counts from 1 in that text."""

    promise: Annotated[str | None, PointsAt("promises")] = None
    line: Line | None = None
