"""How a place archives, as the stores document says it: three ways, and one event that follows an end.

    archive: legal                                    another place: encrypted files, under keys of the vault
    archive: {table: users_archive}                   another table of the store
    archive: {flag: archived_at, view: active_users}  a mark, and a view that shuts the row from daily use

Law: GDPR 5(1)(e); the French guidance on intermediate archives knows these three ways
and asks of each that daily use no longer sees the data.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from servanda.policy.base import Strict
from servanda.policy.values import IsoPeriod
from servanda.stores.document.change import Shorter


class ArchiveEntry(Strict):
    """An archive of encrypted files. `folder` is relative to the project, and never in the vault.

    `key_backup` is how long a backup of the vault lives at most: so long could a destroyed key
    still open what it closed.
    """

    folder: str
    key_backup: IsoPeriod


class ArchiveTable(Strict):
    """Rows are archived in another table of the store, which is a place of its own and ends there.

    It has the columns of the row that are archived, its key without a unique index, and the three
    columns named here: the trigger's day (the place of that table counts from it), the last day,
    the grounds.
    """

    table: str
    trigger_day: str = "archived_trigger"
    last_day: str = "archived_until"
    grounds: str = "archived_grounds"


class ArchiveFlag(Strict):
    """Rows stay where they are and are flagged: a view without them is all that daily use may see.

    Without `view` a row-level policy of the database has to shut them out.
    """

    flag: str
    view: str | None = None


class Note(Strict):
    """An event that Servanda records by itself for a row: the data of a category have ended there.

    `unless` names a column in which the application wrote such a day itself.
    """

    ended: str
    unless: str | None = None


def _note(value: Any) -> Any:
    return {"ended": value} if isinstance(value, str) else value


class PlaceArchive(Strict):
    """The keys of a place that speak of archives, and of events that follow an end."""

    archive: str | ArchiveTable | ArchiveFlag | None = None
    notes: dict[str, Annotated[Note, BeforeValidator(_note), Shorter("string")]] = Field(default_factory=dict)
