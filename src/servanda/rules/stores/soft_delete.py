"""A column marks rows as deleted, and nothing deletes them.

A row with `deleted_at` set is still all there: it only no longer shows in the application.
That is no erasure (GDPR 17, 5(1)(e)), however sure everybody is that it was deleted.

Bad:

    --- policy.yaml
    categories:
      message: {says: {en: Messages}, audience: customers}
    --- app.sql
    CREATE TABLE messages (id INTEGER PRIMARY KEY, body TEXT, deleted_at TIMESTAMP);
    CREATE INDEX messages_deleted ON messages (deleted_at);
    --- stores.yaml
    places:
      messages: {data: message, person: none}

Good:

    --- policy.yaml
    categories:
      message: {says: {en: Messages}, audience: customers}
    promises:
      - id: TEST-RET-01
        kind: retention
        keep: enforce
        line: 12
        says: {en: A message that you delete is gone after 30 days.}
        published: {period: P30D}
        enforced:
          - {data: message, trigger: deletion, active: P30D, end: delete, ground: {choice: undo}}
    --- stores.yaml
    places:
      messages:
        data: message
        person: none
        triggers: {deletion: {column: deleted_at, open: null}}

Write the promise that ends such rows, and count it from that column.
"""

from __future__ import annotations

from collections.abc import Iterator

from servanda.rules.engine.rule import Finding, fails, rule
from servanda.rules.engine.view import View

_MARKS = {
    "deleted",
    "is_deleted",
    "deleted_at",
    "deleted_on",
    "archived",
    "is_archived",
    "archived_at",
    "removed_at",
}
_MARKS |= {"supprime", "est_supprime", "supprime_le", "archive", "archive_le", "trashed_at"}


@rule("SV419", law="GDPR 5(1)(e), 17", severity="advice", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Find columns with usual names for soft deletion in tables without a retention."""
    for place in view.places:
        marks = sorted(name for name in place.table.columns if name.lower() in _MARKS)
        if marks and not place.swept and not view.for_others(place):
            message = f"{place.table.name}.{marks[0]} marks rows as gone, and nothing ends them"
            yield fails(view.at(place), message, "count a retention from it")
