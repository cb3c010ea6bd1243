"""Who objected or was erased is known again, without the address being kept."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from servanda.database import Database, tables
from servanda.rights.record.suppression import KEPT, filter_allowed, lift, suppress, suppressed
from servanda.vault import Vault

DAY = date(2026, 11, 2)


def test_an_address_is_known_again_however_it_is_written(database: Database, vault: Vault) -> None:
    with database.begin() as connection:
        suppress(connection, vault, "Jose@example.org", "marketing", DAY, None)
        assert suppressed(connection, vault, " JOSE@example.org", DAY) == {"marketing"}
        assert suppressed(connection, vault, "josé@example.org", DAY) == set()
        kept = str(connection.execute(sa.select(tables.suppression)).all())
        assert "jose" not in kept.casefold()


def test_a_new_key_still_knows_what_the_old_one_noted(database: Database, vault: Vault) -> None:
    with database.begin() as connection:
        suppress(connection, vault, "a@example.org", "all", DAY, 3)
    vault.rotate("identifiers")
    with database.begin() as connection:
        assert suppressed(connection, vault, "a@example.org", DAY) == {"all"}
        assert lift(connection, vault, "a@example.org", "all")
        assert suppressed(connection, vault, "a@example.org", DAY) == set()


def test_an_import_is_sifted_and_the_note_ends(database: Database, vault: Vault) -> None:
    with database.begin() as connection:
        suppress(connection, vault, "one@example.org", "marketing", DAY, None)
        suppress(connection, vault, "two@example.org", "all", DAY, None)
        listed = ["zero@example.org", "One@example.org", "two@example.org"]
        assert filter_allowed(connection, vault, listed, "marketing", DAY) == [True, False, False]
        assert filter_allowed(connection, vault, listed, "all", DAY) == [True, True, False]
        after = DAY + KEPT + timedelta(days=1)
        assert filter_allowed(connection, vault, listed, "marketing", after) == [True, True, True]
