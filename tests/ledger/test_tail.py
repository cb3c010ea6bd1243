"""Before somebody's rows end, the newest checkpoint is verified, and every entry since; not all before them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, update

from servanda.database import Database
from servanda.database.tables import body, checkpoint, entry, node
from servanda.ledger import Ledger, merkle
from servanda.vault import Vault
from tampering import PARTS, Bench, at_key, cutting, fits, other_values, running


def since_signed(row: dict[str, Any], part: str, signed: int) -> bool:
    """Whether a row came after the checkpoint of a size, is that checkpoint, or what it signs."""
    if part == "node":
        here = row["level"], row["position"]
        return row["position"] >= signed >> row["level"] or here in merkle.edge(signed)
    return bool(row["size"] == signed if part == "checkpoint" else row["number"] > signed)


@pytest.mark.parametrize("part", PARTS)
def test_whatever_is_altered_since_the_last_checkpoint_shows_in_the_tail(
    part: str, full: Ledger, bench: Bench, database: Database
) -> None:
    trusted, signed = Vault.open(database).public_keys(), full.last_checkpoint()
    assert signed is not None
    table, tried = PARTS[part], 0
    assert bench.tail_holds(lambda _: None, trusted)
    for row in filter(lambda row: since_signed(row, part, signed.size), bench.rows(table)):
        here = at_key(table, row)
        gone = delete(table).where(here)
        holds = bench.tail_holds(running(gone), trusted)
        assert holds == (table is checkpoint), f"{part}: {row} is gone"
        for column in table.columns:
            for value in other_values(row[column.name], bool(column.nullable)):
                if fits(table, column.name, value):
                    made = update(table).where(here).values({column.name: value})
                    holds = bench.tail_holds(running(made), trusted)
                    older = column is checkpoint.c.size and value < row["size"]  # the one before is newest
                    assert holds == older, f"{part}.{column.name}: {row[column.name]!r} -> {value!r}"
                    tried += 1
    assert tried > 3


def test_a_tail_believes_what_was_signed_and_reads_the_rest(
    full: Ledger, bench: Bench, database: Database
) -> None:
    trusted = Vault.open(database).public_keys()
    old = update(body).where(body.c.number == 1).values(text="{}")
    assert bench.tail_holds(running(old), trusted)
    assert bench.faults(running(old))
    signed = full.last_checkpoint()
    assert signed is not None
    for last in range(len(bench.rows(entry))):
        clean = bench.tail_holds(cutting(last, entry, body, node), trusted)
        assert clean == (last == signed.size), "what nobody signed can be cut cleanly, and nobody can tell"
        assert not bench.tail_holds(cutting(last, entry, body), trusted), last
    assert not bench.tail_holds(running(delete(checkpoint)), trusted)
    assert not bench.tail_holds(lambda _: None, {})


def test_what_a_tail_cannot_tell_is_verified_whole(full: Ledger) -> None:
    full.require(tail=True)
    full.end_body(12, "a body that ended since the last checkpoint")
    full.require(tail=True)
