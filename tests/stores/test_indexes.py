"""Which indexes and keys a store is seen to have: an index of some rows, or of an expression, is none."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from servanda.stores.shape import Table
from servanda.stores.store import open_store
from servanda.stores.verbs import Settings


def shape_of(url: str, *statements: str) -> Table:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE t (a VARCHAR(20) NOT NULL, b VARCHAR(20) NOT NULL, c VARCHAR(20))"
        )
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()
    store = open_store("app", url, Settings("UTC", "UTC"))
    try:
        return store.shape.tables["t"]
    finally:
        store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_an_index_of_some_rows_is_neither_a_key_nor_searched(
    kind: str, fresh_url: Callable[[str], str]
) -> None:
    table = shape_of(fresh_url(kind), "CREATE UNIQUE INDEX few ON t (b) WHERE a = 'x'")
    assert table.key == ()
    assert table.unique == ()
    assert not table.indexed(("b",))


def test_an_index_of_the_rows_that_have_a_value_is_searched(fresh_url: Callable[[str], str]) -> None:
    table = shape_of(fresh_url("postgres"), "CREATE INDEX given ON t (c) WHERE c IS NOT NULL")
    assert table.indexed(("c",))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_an_index_of_an_expression_is_not_that_of_what_follows(
    kind: str, fresh_url: Callable[[str], str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = shape_of(
            fresh_url(kind), "CREATE INDEX e ON t (lower(a), b)", "CREATE UNIQUE INDEX u ON t (lower(b))"
        )
    assert not table.indexed(("b",))
    assert table.key == ()


def test_a_whole_unique_index_is_a_key(store_url: str) -> None:
    table = shape_of(store_url, "CREATE UNIQUE INDEX whole ON t (b)")
    assert table.key == ("b",)
    assert table.indexed(("b",))
