"""What the documents ask of a place that its store has no verb for; each becomes a complaint of binding."""

from __future__ import annotations

from collections.abc import Iterator

from servanda.policy.promise import Promise, Retention
from servanda.stores.document import Place

Beyond = tuple[str, str] | tuple[str, str, str]
"""What is asked, what to write instead, and the key of the place that asks it."""


def misplaced(can: frozenset[str], place: Place) -> Beyond | None:
    """Whether a place speaks of files where the store has tables, or of a table where it has files."""
    if "key" not in can and not place.files:
        message = "the store is a folder of files, and the place names none"
        return message, 'files: "access.log*", and line: how a line reads'
    if "key" in can and place.files:
        return "the store has tables and no files", "table: its table", "files"
    return None


def beyond(
    can: frozenset[str], place: Place, limits: tuple[tuple[Promise, Retention], ...]
) -> Iterator[Beyond]:
    """Each thing that is asked of a place and that its store cannot do."""
    if "change" not in can:
        if place.at_end:
            yield "its lines end whole: no column is emptied", "", "at_end"
        for promise in (p.id for p, r in limits if r.end == "anonymise" or r.archive is not None):
            message = f"{promise} empties or archives, and its lines can only be deleted"
            yield message, "end: delete, or move what must stay to a table"
    if "key" not in can:
        if place.person not in (None, "none") or place.identifiers:
            advice = "person: none; a hold names lines by a column: hold place --where"
            yield "its lines have no key by which a person is found", advice, "person"
        for promise in (p.id for p, r in limits if r.warn_before is not None):
            yield f"{promise} warns persons, and lines lead to none", ""
