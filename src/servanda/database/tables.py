"""Servanda's own tables, and the numbered migrations that create them.

No column holds personal data in clear: persons and keys are references, and the content of a hold is
sealed under a key that is destroyed with it. Times are ISO 8601 text in UTC with a fixed width, so they
sort by time.

A migration is one idempotent statement, as MariaDB commits each one by itself. To change a table,
append a migration; never edit or reorder released ones.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Executable,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.schema import CreateIndex, CreateTable

metadata = MetaData()

# MariaDB bounds the bytes of a key, folds case and ignores trailing blanks, unless told not to.
_KEY = String(190)
_MOMENT = String(40)
_LONG = Text().with_variant(LONGTEXT(), "mysql", "mariadb")
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")
_MARIADB: dict[str, Any] = {
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
}


def _table(name: str, *columns: Column[Any] | UniqueConstraint, comment: str) -> Table:
    """Declare a table with Servanda's prefix, for databases shared with other programs."""
    return Table(f"servanda_{name}", metadata, *columns, comment=comment, **_MARIADB)


setting = _table(
    "setting",
    Column("name", _KEY, primary_key=True),
    Column("value", _LONG, nullable=False),
    comment="One value a name: the number of the last migration, the id of the vault, the ledger's origin",
)

entry = _table(
    "entry",
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("at", _MOMENT, nullable=False),
    Column("kind", _KEY, nullable=False),
    Column("header", _LONG, nullable=False),
    comment="The ledger: header is canonical JSON, its hash a leaf; at and kind repeat it for searching",
)
entry_by_kind = Index("servanda_entry_kind", entry.c.kind, entry.c.number)

body = _table(
    "body",
    Column("number", _NUMBER, ForeignKey(entry.c.number), primary_key=True, autoincrement=False),
    Column("salt", String(64)),
    Column("text", _LONG),
    Column("ended_on", String(10)),
    comment="What an entry says, apart from it: text and salt are NULL once it has ended",
)

node = _table(
    "node",
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", _NUMBER, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    comment="The ledger's Merkle tree: every complete subtree; level 0 are the leaves",
)

checkpoint = _table(
    "checkpoint",
    Column("size", _NUMBER, primary_key=True, autoincrement=False),
    Column("key_id", _KEY, primary_key=True),
    Column("note", _LONG, nullable=False),
    comment="Signed statements of the ledger's size and root",
)

hold = _table(
    "hold",
    Column("id", _NUMBER, primary_key=True),
    Column("kind", _KEY, nullable=False),
    Column("key_id", _KEY, nullable=False),
    Column("sealed", _LONG, nullable=False),
    Column("placed_at", _MOMENT, nullable=False),
    Column("review_on", String(10)),
    Column("ends_on", String(10)),
    Column("lifted_at", _MOMENT),
    Column("epoch", _NUMBER, nullable=False),
    comment="Data that must not end: scope, case, reason and author are sealed under key_id",
)

page = _table(
    "page",
    Column("id", _NUMBER, primary_key=True),
    Column("run", _KEY, nullable=False),
    Column("epoch", _NUMBER, nullable=False),
    Column("step", _KEY, nullable=False),
    Column("opened_at", _MOMENT, nullable=False),
    Column("closed_at", _MOMENT),
    comment="Pages of apply and the hold epoch that each was opened under",
)
page_open = Index("servanda_page_open", page.c.closed_at, page.c.epoch)

watermark = _table(
    "watermark",
    Column("step", _KEY, primary_key=True),
    Column("signature", _KEY, nullable=False),
    Column("value", Text, nullable=False),
    Column("passed_at", _MOMENT, nullable=False),
    comment="Everything of a step with a trigger below value is ended, except what is held",
)

remembered = _table(
    "remembered",
    Column("place", _KEY, primary_key=True),
    Column("child", _KEY, primary_key=True),
    Column("parent_key", _KEY, primary_key=True),
    Column("latest", _MOMENT, nullable=False),
    Column("mark", String(64)),
    comment="The latest date a parent, folded in before the rows that showed it were deleted; mark tells the row",
)

warned = _table(
    "warned",
    Column("promise", _KEY, primary_key=True),
    Column("place", _KEY, primary_key=True),
    Column("parent_key", _KEY, primary_key=True),
    Column("warned_at", _MOMENT, nullable=False),
    Column("mark", String(64)),
    comment="Who was warned before an account ends through inactivity; mark tells the row",
)

event = _table(
    "event",
    Column("id", _NUMBER, primary_key=True),
    Column("name", _KEY, nullable=False),
    Column("place", _KEY, nullable=False),
    Column("parent_key", _KEY, nullable=False),
    Column("at", _MOMENT, nullable=False),
    Column("source", _KEY, nullable=False),
    Column("mark", String(64)),
    UniqueConstraint("name", "place", "parent_key", name="servanda_event_once"),
    comment="Events that start a period and that only Servanda records; mark tells the row",
)

evidence = _table(
    "evidence",
    Column("id", _NUMBER, primary_key=True),
    Column("promise", _KEY, nullable=False),
    Column("kind", _KEY, nullable=False),
    Column("at", _MOMENT, nullable=False),
    Column("entry", _NUMBER, nullable=False),
    comment="What applications sent to show that they keep a promise, and its ledger entry",
)
evidence_by_promise = Index("servanda_evidence_promise", evidence.c.promise, evidence.c.at)

segment = _table(
    "segment",
    Column("id", _KEY, primary_key=True),
    Column("archive", _KEY, nullable=False),
    Column("month", String(7), nullable=False),
    Column("key_id", _KEY, nullable=False),
    Column("size", _NUMBER, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("made_at", _MOMENT, nullable=False),
    Column("ended_at", _MOMENT),
    comment="Files of archived rows by month of expiry; bytes beyond size were never recorded",
)

archived = _table(
    "archived",
    Column("place", _KEY, primary_key=True),
    Column("promise", _KEY, primary_key=True),
    Column("row_key", _KEY, primary_key=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("last_day", String(10), primary_key=True),
    Column("trigger_day", String(10), nullable=False),
    Column("person_place", _KEY, nullable=False),
    Column("person_key", _KEY, nullable=False),
    Column("segment", _KEY, nullable=False),
    Column("position", _NUMBER, nullable=False),
    Column("length", _NUMBER, nullable=False),
    Column("data_key", _KEY, nullable=False),
    Column("live", Integer, nullable=False),
    Column("archived_at", _MOMENT, nullable=False),
    Column("whose", String(64), nullable=False),
    comment="Where each archived row lies; live is 1 until its row has left the store",
)
archived_by_person = Index("servanda_archived_person", archived.c.person_place, archived.c.person_key)
archived_by_segment = Index("servanda_archived_segment", archived.c.segment, archived.c.data_key)
archived_by_day = Index("servanda_archived_day", archived.c.last_day)

archived_name = _table(
    "archived_name",
    Column("mac", String(64), primary_key=True),
    Column("person_place", _KEY, primary_key=True),
    Column("person_key", _KEY, primary_key=True),
    Column("whose", String(64), primary_key=True),
    comment="Keyed hashes of what archived persons were known by: who asks is found when their row is gone",
)
archived_name_person = Index(
    "servanda_archived_name_person", archived_name.c.person_place, archived_name.c.person_key
)

person = _table(
    "person",
    Column("reference", _KEY, primary_key=True),
    Column("use", _KEY, nullable=False),
    Column("mac", String(64), nullable=False),
    Column("expires_on", String(10)),
    UniqueConstraint("use", "mac", name="servanda_person_once"),
    comment="Random references of persons; mac is a keyed hash of an address, and ends with its use",
)

request = _table(
    "request",
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("right", _KEY, nullable=False),
    Column("asker", _KEY, nullable=False),
    Column("channel", _KEY, nullable=False),
    Column("language", String(10), nullable=False),
    Column("received", String(10), nullable=False),
    Column("promised", _KEY),
    Column("more_time", Integer, nullable=False),
    Column("person", _KEY),
    Column("key_id", _KEY, nullable=False),
    Column("sealed", _LONG),
    Column("ended_on", String(10)),
    Column("erase_on", String(10)),
    comment="Requests of persons; who asks and what for is sealed under key_id, and ends with it",
)
request_open = Index("servanda_request_open", request.c.ended_on, request.c.received)
request_person = Index("servanda_request_person", request.c.person)

happening = _table(
    "happening",
    Column("request", _NUMBER, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", _KEY, nullable=False),
    Column("day", String(10), nullable=False),
    Column("at", _MOMENT, nullable=False),
    Column("entry", _NUMBER, nullable=False),
    Column("facts", _LONG, nullable=False),
    Column("sealed", _LONG),
    comment="What happened to a request, in order; words about a person are sealed under its key",
)

link = _table(
    "link",
    Column("mac", String(64), primary_key=True),
    Column("request", _NUMBER, nullable=False),
    Column("use", _KEY, nullable=False),
    Column("made_at", _MOMENT, nullable=False),
    Column("expires_at", _MOMENT, nullable=False),
    Column("left", Integer, nullable=False),
    comment="One-time links, by the keyed hash of their token; left is how often one still opens",
)

attempt = _table(
    "attempt",
    Column("mac", String(64), primary_key=True),
    Column("at", _MOMENT, primary_key=True),
    comment="Attempts by the keyed hash of an address or a source, to limit their rate; older ones are removed",
)

suppression = _table(
    "suppression",
    Column("mac", String(64), primary_key=True),
    Column("purpose", _KEY, primary_key=True),
    Column("since", String(10), nullable=False),
    Column("expires_on", String(10)),
    Column("request", _NUMBER),
    comment="Who is not to be written to, or not to come back by an import: keyed hashes of addresses",
)

directive = _table(
    "directive",
    Column("id", _NUMBER, primary_key=True),
    Column("person", _KEY, nullable=False),
    Column("key_id", _KEY, nullable=False),
    Column("sealed", _LONG, nullable=False),
    Column("made_on", String(10), nullable=False),
    Column("revoked_on", String(10)),
    Column("carried_out_on", String(10)),
    comment="What a person wants to happen to the data after death (LIL 85), sealed under key_id",
)

outbox = _table(
    "outbox",
    Column("id", _NUMBER, primary_key=True),
    Column("kind", _KEY, nullable=False),
    Column("language", String(10), nullable=False),
    Column("request", _NUMBER),
    Column("key_id", _KEY, nullable=False),
    Column("sealed", _LONG),
    Column("made_at", _MOMENT, nullable=False),
    Column("handed_at", _MOMENT),
    Column("digest", String(64)),
    Column("tries", Integer, nullable=False),
    Column("next_at", _MOMENT),
    Column("delivered", Integer),
    comment="Letters to be rendered and sent; delivered is 0 for one that was written to a folder instead",
)
outbox_waiting = Index("servanda_outbox_waiting", outbox.c.handed_at, outbox.c.next_at)

tombstone = _table(
    "tombstone",
    Column("mac", String(64), primary_key=True),
    Column("reference", String(64), primary_key=True),
    Column("place", _KEY, nullable=False),
    Column("row_mac", String(64), nullable=False),
    Column("name_macs", Text, nullable=False),
    Column("erased_at", _MOMENT, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("expires_on", String(10), nullable=False),
    comment="By which rows of persons who were erased are known again in a restored database",
)
tombstone_reference = Index("servanda_tombstone_reference", tombstone.c.reference)

erasure = _table(
    "erasure",
    Column("reference", String(64), primary_key=True),
    Column("store", _KEY, primary_key=True),
    Column("request", _NUMBER),
    Column("key_id", _KEY, nullable=False),
    Column("sealed", _LONG, nullable=False),
    Column("only_places", Text),
    Column("look_on", String(10), nullable=False),
    Column("held", Integer, nullable=False),
    Column("shared", Integer, nullable=False),
    Column("epoch", _NUMBER, nullable=False),
    Column("documents", String(64), nullable=False),
    Column("looked_at", _MOMENT, nullable=False),
    Column("ended_at", _MOMENT),
    comment="Unfinished erasures. Keys of remaining rows are sealed under key_id; look_on is the next day of review",
)
erasure_open = Index("servanda_erasure_open", erasure.c.ended_at, erasure.c.look_on)

rest = _table(
    "rest",
    Column("reference", String(64), primary_key=True),
    Column("store", _KEY, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("place", _KEY, nullable=False),
    Column("why", String(10), nullable=False),
    Column("column_names", Text, nullable=False),
    Column("row_count", _NUMBER, nullable=False),
    Column("until", String(10)),
    Column("promise", _KEY, nullable=False),
    Column("promise_name", _KEY, nullable=False),
    Column("ground", Text, nullable=False),
    Column("article", _KEY, nullable=False),
    comment="What stays of persons who were erased: where, why, until when",
)

extent = _table(
    "extent",
    Column("place", _KEY, primary_key=True),
    Column("greatest", _NUMBER, nullable=False),
    Column("counted", Integer, nullable=False),
    Column("seen_at", _MOMENT, nullable=False),
    comment="The greatest key of each place, or the last number its store gave: an older database lies below",
)


MIGRATIONS: tuple[Executable, ...] = (
    CreateTable(setting, if_not_exists=True),  # 1
    CreateTable(entry, if_not_exists=True),  # 2
    CreateIndex(entry_by_kind, if_not_exists=True),  # 3
    CreateTable(body, if_not_exists=True),  # 4
    CreateTable(node, if_not_exists=True),  # 5
    CreateTable(checkpoint, if_not_exists=True),  # 6
    CreateTable(hold, if_not_exists=True),  # 7
    CreateTable(page, if_not_exists=True),  # 8
    CreateIndex(page_open, if_not_exists=True),  # 9
    CreateTable(watermark, if_not_exists=True),  # 10
    CreateTable(remembered, if_not_exists=True),  # 11
    CreateTable(warned, if_not_exists=True),  # 12
    CreateTable(event, if_not_exists=True),  # 13
    CreateTable(evidence, if_not_exists=True),  # 14
    CreateIndex(evidence_by_promise, if_not_exists=True),  # 15
    CreateTable(segment, if_not_exists=True),  # 16
    CreateTable(archived, if_not_exists=True),  # 17
    CreateIndex(archived_by_person, if_not_exists=True),  # 18
    CreateIndex(archived_by_segment, if_not_exists=True),  # 19
    CreateIndex(archived_by_day, if_not_exists=True),  # 20
    CreateTable(person, if_not_exists=True),  # 21
    CreateTable(request, if_not_exists=True),  # 22
    CreateIndex(request_open, if_not_exists=True),  # 23
    CreateIndex(request_person, if_not_exists=True),  # 24
    CreateTable(happening, if_not_exists=True),  # 25
    CreateTable(link, if_not_exists=True),  # 26
    CreateTable(attempt, if_not_exists=True),  # 27
    CreateTable(suppression, if_not_exists=True),  # 28
    CreateTable(directive, if_not_exists=True),  # 29
    CreateTable(outbox, if_not_exists=True),  # 30
    CreateIndex(outbox_waiting, if_not_exists=True),  # 31
    CreateTable(tombstone, if_not_exists=True),  # 32
    CreateIndex(tombstone_reference, if_not_exists=True),  # 33
    CreateTable(extent, if_not_exists=True),  # 34
    CreateTable(erasure, if_not_exists=True),  # 35
    CreateIndex(erasure_open, if_not_exists=True),  # 36
    CreateTable(rest, if_not_exists=True),  # 37
    CreateTable(archived_name, if_not_exists=True),  # 38
    CreateIndex(archived_name_person, if_not_exists=True),  # 39
)
"""Migration n is the n-th statement, counted from 1."""
