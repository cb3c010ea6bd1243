"""One change between two versions of a policy, and whether people must be told of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

What = Literal["added", "removed", "changed"]
Verdict = tuple[bool, str]
"""Whether a change binds, and why."""

STEP = " › "
WORDING: Verdict = (False, "other words, the same meaning")
ELSEWHERE: Verdict = (False, "it stands elsewhere in the text")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference of meaning.

    `where` is a path for people, such as “promise visitor-logs › enforced › period”.
    `before` and `after` are plain values as JSON has them, None where there is nothing.
    `binds` says that people must be told before it holds, and `why` gives the reason.
    """

    what: What
    where: str
    before: Any
    after: Any
    binds: bool
    why: str


def plain(value: object) -> Any:
    """Return a value as JSON has it: models become mappings, periods become text."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def field(where: str, before: object, after: object, verdict: Verdict) -> Iterator[Change]:
    """Yield the change of one value, if it is one."""
    if before == after:
        return
    what: What = "added" if before is None else "removed" if after is None else "changed"
    yield Change(what, where, plain(before), plain(after), *verdict)


def members(
    where: str, before: Sequence[str], after: Sequence[str], *, added: Verdict, removed: Verdict
) -> Iterator[Change]:
    """Yield what entered and what left a list whose order has no meaning."""
    for item in after:
        if item not in before:
            yield Change("added", f"{where}{STEP}{item}", None, item, *added)
    for item in before:
        if item not in after:
            yield Change("removed", f"{where}{STEP}{item}", item, None, *removed)
