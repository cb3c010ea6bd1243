"""Whatever is altered in a ledger or in a proof is found, each element by itself.

Each alteration is made in a transaction that is undone after the ledger was verified in it.
Unless a test says otherwise, verifying has neither the vault nor a kept checkpoint.
"""

from __future__ import annotations

import copy
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, update

from servanda.database import Database
from servanda.database.tables import body, checkpoint, entry, node
from servanda.errors import LedgerError, Refused
from servanda.ledger import Fault, Ledger, merkle, verify_proof
from servanda.ledger.checkpoint import parse_checkpoint
from servanda.ledger.entry import commit, make_header
from servanda.vault import Vault
from tampering import PARTS, Bench, at_key, cutting, fits, other_values, rewrite, running


@pytest.mark.parametrize("part", PARTS)
def test_each_column_of_each_row_altered_is_found(part: str, bench: Bench) -> None:
    table = PARTS[part]
    tried = 0
    for row in bench.some_rows(table):
        for column in table.columns:
            for value in other_values(row[column.name], bool(column.nullable)):
                if not fits(table, column.name, value):
                    continue
                statement = update(table).where(at_key(table, row)).values({column.name: value})
                faults = bench.faults(running(statement))
                assert faults, f"{part}.{column.name}: {row[column.name]!r} -> {value!r} was not seen"
                tried += 1
    assert tried > 10


def test_a_fault_says_which_entry(bench: Bench) -> None:
    said = {"header": "entry 4 was changed", "kind": "entry 4 was changed: its kind", "at": "its at is not"}
    for name, sentence in said.items():
        change = update(entry).where(entry.c.number == 4).values({name: "x"})
        fault, *_ = bench.faults(running(change))
        assert fault.number == 4
        assert sentence in fault.says
    change = update(body).where(body.c.number == 4).values(text='{"page":"r/3","rows":0}')
    assert bench.faults(running(change)) == (Fault(4, "the body of entry 4 was changed"),)


@pytest.mark.parametrize("part", ["entry", "body", "node"])
def test_each_row_removed_is_found(part: str, bench: Bench) -> None:
    table = PARTS[part]
    for row in bench.rows(table):
        statement = delete(table).where(at_key(table, row))
        assert bench.faults(running(statement)), row


def test_each_entry_removed_with_its_body_is_found(bench: Bench) -> None:
    for row in bench.rows(entry):
        number = row["number"]

        def remove(connection: Connection, number: int = number) -> None:
            connection.execute(delete(body).where(body.c.number == number))
            connection.execute(delete(entry).where(entry.c.number == number))

        faults = bench.faults(remove)
        assert any(fault.number == number and "is missing" in fault.says for fault in faults)


@pytest.mark.parametrize("part", ["entry", "body", "both"])
def test_any_two_swapped_are_found(part: str, bench: Bench) -> None:
    size = len(bench.rows(entry))
    for one in range(1, size):
        for two in range(one + 1, size + 1):

            def swap(connection: Connection, one: int = one, two: int = two) -> None:
                for table in (entry, body) if part == "both" else (PARTS[part],):
                    for old, new in ((one, -1), (two, one), (-1, two)):
                        connection.execute(update(table).where(table.c.number == old).values(number=new))

            assert bench.faults(swap), (part, one, two)


def test_one_inserted_anywhere_is_found(bench: Bench) -> None:
    entries, bodies = bench.rows(entry), bench.rows(body)
    for place in range(1, len(entries) + 2):

        def put_in(connection: Connection, place: int = place) -> None:
            for table in (entry, body):
                for number in range(len(entries), place - 1, -1):
                    connection.execute(
                        update(table).where(table.c.number == number).values(number=number + 1)
                    )
            like = min(place, len(entries)) - 1
            connection.execute(insert(entry).values({**entries[like], "number": place}))
            connection.execute(insert(body).values({**bodies[like], "number": place}))

        assert bench.faults(put_in), place


def test_the_tail_cut_leaving_the_tree_is_found(bench: Bench) -> None:
    for last in range(len(bench.rows(entry))):
        assert bench.faults(cutting(last, entry, body)), last


def test_a_clean_cut_is_found_by_a_stored_or_a_kept_checkpoint(full: Ledger, bench: Bench) -> None:
    kept = full.last_checkpoint()
    assert kept is not None
    for last in range(kept.size):
        stored = bench.faults(cutting(last, entry, body, node))
        assert any("the tail was cut" in fault.says for fault in stored), last
        cleaner = bench.faults(cutting(last, entry, body, node, checkpoint), kept)
        assert any("the kept checkpoint" in fault.says and fault.number == last + 1 for fault in cleaner), (
            last
        )


@pytest.mark.parametrize(
    "changed",
    [
        lambda items: None,
        lambda items: items.__setitem__(0, ("page.outcome", {"page": "r/0", "rows": 0})),
        lambda items: items.pop(2),
        lambda items: items.insert(3, ("forged", {})),
        lambda items: items.reverse(),
    ],
)
def test_a_ledger_made_anew_does_not_fit_its_checkpoints(
    full: Ledger, bench: Bench, changed: Callable[[list[Any]], None]
) -> None:
    faults = bench.faults(rewrite(full, changed))
    assert any("one of the first" in fault.says for fault in faults)


def test_a_forgers_own_key_is_not_the_vaults(full: Ledger, bench: Bench, database: Database) -> None:
    trusted = Vault.open(database).public_keys()
    assert not bench.faults(lambda connection: None, trusted=trusted)
    for theirs in ({**trusted, "signing-1": b"x" * 32}, {"signing-1": trusted["signing-1"]}):
        assert bench.faults(lambda connection: None, trusted=theirs)


def test_a_kept_checkpoint_altered_in_any_letter_is_refused(full: Ledger, bench: Bench) -> None:
    kept = full.last_checkpoint()
    assert kept is not None
    note = kept.note()
    for place, letter in enumerate(note):
        altered = note[:place] + ("b" if letter == "a" else "a") + note[place + 1 :]
        try:
            forged = parse_checkpoint(altered)
        except LedgerError:
            continue
        assert bench.faults(lambda connection: None, forged), altered


def test_a_body_that_comes_back_or_belongs_to_nobody_is_found(ledger: Ledger, database: Database) -> None:
    ledger.append_many([("access", {"n": n}) for n in range(3)])
    bench = Bench(database, ledger)
    (before,) = [row for row in bench.rows(body) if row["number"] == 2]
    ledger.end_body(2, "after a year")
    back = update(body).where(body.c.number == 2).values(before)
    faults = bench.faults(running(back))
    assert faults == (Fault(2, "the body of entry 2 has ended, and yet there is one"),)
    orphan = insert(body).values({**before, "number": 99})
    faults = bench.faults(running(orphan))
    assert faults == (Fault(99, "a body 99 belongs to no entry"),)
    lost = delete(body).where(body.c.number == 1)
    faults = bench.faults(running(lost))
    assert faults == (Fault(1, "entry 1 has lost its body, and no entry says that it ended"),)


def test_hashes_of_no_entry_are_found(bench: Bench) -> None:
    for level, position in ((0, 400), (1, 50), (3, 7), (30, 0)):
        more = insert(node).values(level=level, position=position, hash="ab" * 32)
        assert bench.faults(running(more)), (level, position)


def test_an_entry_whose_number_is_far_from_any_other_is_found(full: Ledger, bench: Bench) -> None:
    for number in (10**6, 10**12):
        away = update(entry).where(entry.c.number == 5).values(number=number)
        faults = bench.faults(running(away))
        assert any(fault.number == number and "far behind" in fault.says for fault in faults), number
        assert any(fault.number == 5 and "missing" in fault.says for fault in faults), number
        assert len(faults) < 20


def test_a_long_ledger_takes_no_more_memory(sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("servanda.ledger.verify._BATCH", 256)
    peaks = []
    for _ in range(2):
        sqlite_ledger.append_many([("page.outcome", {"rows": n}) for n in range(1_500)])
        sqlite_ledger.verify()
        tracemalloc.start()
        assert sqlite_ledger.verify().ok
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2


def test_an_entry_that_names_another_before_it_is_found_though_its_hashes_fit(
    full: Ledger, bench: Bench
) -> None:
    """A forger adds to the unsigned tail, with a tree that is right and a `prev` that is not."""

    def forge(connection: Connection) -> None:
        number = len(bench.rows(entry)) + 1
        at, salt, said = "2026-01-01T00:00:00.000000Z", "0" * 32, "{}"
        header = make_header(number, at, "forged", "0" * 64, commit(salt, said.encode()))
        tree = {(row["level"], row["position"]): bytes.fromhex(row["hash"]) for row in bench.rows(node)}
        connection.execute(insert(entry).values(number=number, at=at, kind="forged", header=header.decode()))
        connection.execute(insert(body).values(number=number, salt=salt, text=said))
        for level, position, hash_ in merkle.new_nodes([merkle.leaf_hash(header)], number - 1, tree):
            connection.execute(insert(node).values(level=level, position=position, hash=hash_.hex()))

    (fault,) = bench.faults(forge)
    assert "does not follow entry" in fault.says


def test_only_the_right_entry_shows_that_a_body_ended(full: Ledger) -> None:
    full.append("remark", {"entry": 2})
    full.checkpoint()
    remark = full.last("remark")
    assert remark is not None
    proof, other = full.prove(2).to_json(), full.prove(remark.number).to_json()
    assert proof["size"] == other["size"]
    verify_proof(proof, full.public_keys())
    ended = {name: other[name] for name in ("header", "body", "hashes")}
    with pytest.raises(LedgerError, match="does not show that the body of entry 2 ended"):
        verify_proof({**proof, "ended": ended}, full.public_keys())


def test_require_raises_and_appending_stops(full: Ledger, database: Database) -> None:
    full.require()
    with database.begin() as connection:
        connection.execute(delete(body).where(body.c.number > 9))
        connection.execute(delete(entry).where(entry.c.number > 9))
    with pytest.raises(Refused, match="does not verify") as caught:
        full.require()
    assert "servanda ledger verify" in caught.value.advice
    with pytest.raises(LedgerError, match="tail was cut"):
        full.append("a", {})


# Proofs


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, inner ones too."""
    if path:
        yield path
    if isinstance(value, dict):
        for name in value:
            yield from leaves_of(value[name], (*path, name))
    elif isinstance(value, list):
        for place in range(len(value)):
            yield from leaves_of(value[place], (*path, place))


def holder(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        value = value[step]
    return value


def altered_proofs(proof: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A proof with one element altered, removed, added or doubled."""
    for path in leaves_of(proof):
        value = holder(proof, path)[path[-1]]
        others: list[Any] = [None, 7, "x", [], {}, True]
        if isinstance(value, str):
            others += [value[:-1], value + " ", value.upper(), "0" + value[1:], "1" + value[1:]]
        if isinstance(value, int):
            others += [value + 1, value - 1, str(value)]
        if isinstance(value, list):
            others += [value[::-1], [*value, *value[-1:]], value[1:]]
        for other in others:
            if other == value and type(other) is type(value):
                continue
            made = copy.deepcopy(proof)
            holder(made, path)[path[-1]] = other
            yield f"{path} -> {other!r}", made
        made = copy.deepcopy(proof)
        del holder(made, path)[path[-1]]
        yield f"{path} removed", made
        if isinstance(value, dict):
            made = copy.deepcopy(proof)
            holder(made, path)[path[-1]]["extra"] = 1
            yield f"{path} with more", made
    yield "more", {**proof, "extra": 1}


def proves(proof: dict[str, Any], keys: dict[str, bytes]) -> bool:
    try:
        verify_proof(proof, keys)
    except LedgerError:
        return False
    return True


@pytest.mark.parametrize("number", [1, 2, 4, 9])
def test_a_proof_altered_in_any_element_fails(full: Ledger, number: int) -> None:
    keys = full.public_keys()
    proof = full.prove(number).to_json()
    verify_proof(proof, keys)
    tried = 0
    for what, altered in altered_proofs(proof):
        assert not proves(altered, keys), what
        tried += 1
    assert tried > 100


def test_a_proof_needs_the_key_it_names(full: Ledger) -> None:
    proof, keys = full.prove(1), full.public_keys()
    with pytest.raises(LedgerError, match="not known here"):
        verify_proof(proof, {})
    with pytest.raises(LedgerError, match="not known here"):
        verify_proof(proof, dict.fromkeys(keys, b"x" * 32))
    signed = parse_checkpoint(proof.checkpoint)
    forged = replace(signed, signature=bytes([signed.signature[0] ^ 1]) + signed.signature[1:])
    with pytest.raises(LedgerError, match="not signed by"):
        verify_proof(proof.model_copy(update={"checkpoint": forged.note()}), keys)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_letter_of_any_text_altered_is_found(bench: Bench, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(list(PARTS.values())))
    row = data.draw(st.sampled_from(bench.rows(table)))
    texts = [name for name, value in row.items() if isinstance(value, str) and value]
    name = data.draw(st.sampled_from(texts))
    value = row[name]
    place = data.draw(st.integers(0, len(value) - 1))
    letter = data.draw(st.characters(codec="utf-8", exclude_characters="\x00" + value[place]))
    altered = value[:place] + letter + value[place + 1 :]
    change = update(table).where(at_key(table, row)).values({name: altered})
    assert bench.faults(running(change)), (table.name, name, place, letter)
