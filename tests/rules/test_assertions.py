"""What stores.yaml asserts of rows: kept, broken, of a column that is gone; on every kind of database."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import generated
from servanda.cli import main
from servanda.stores.discovery.assertions import has_default
from servanda.stores.shape import Column

EXAMPLES = Path(__file__).parents[2] / "examples"
Check = Callable[[], list[dict[str, Any]]]
Example = Callable[[str], str]


def run(url: str, *statements: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture
def example(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    def build(name: str) -> str:
        made = importlib.import_module(f"examples.{name}.generate")
        generated.build(name, store_url, date(2026, 11, 22), 1)
        if hasattr(made, "write_logs"):
            made.write_logs(tmp_path, date(2026, 11, 22))
        for document in ("policy.yaml", "stores.yaml"):
            shutil.copy(EXAMPLES / name / document, tmp_path)
        monkeypatch.setenv(f"{name.upper()}_DATABASE_URL", store_url)
        return store_url

    return build


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    def look() -> list[dict[str, Any]]:
        with pytest.raises(SystemExit):
            main(["-C", str(tmp_path), "check", "--json", "--select", "SV442,SV443", "--as-of", "2026-11-22"])
        shown = json.loads(capsys.readouterr().out)
        assert "FR76" not in json.dumps(shown)
        found: list[dict[str, Any]] = shown["findings"]
        return found

    return look


def test_bank_details_stay_only_with_a_direct_debit(example: Example, tmp_path: Path, check: Check) -> None:
    url = example("sociatex")
    assert check() == []
    run(url, "UPDATE clients SET iban = 'FR7600000', mode_reglement = 'chèque' WHERE id IN (3, 4)")
    run(url, "UPDATE clients SET iban = 'FR7600000', mode_reglement = NULL WHERE id = 5")
    (found,) = check()
    assert found["severity"] == "error"
    assert (
        "3 rows are not as asserted, iban is null unless mode_reglement is 'prélèvement'" in found["message"]
    )
    assert "SOCIATEX-OTH-13" in found["message"]
    assert (
        (tmp_path / "stores.yaml")
        .read_text()
        .splitlines()[found["line"] - 1]
        .strip()
        .startswith("- {column: iban")
    )

    run(url, "ALTER TABLE clients RENAME COLUMN mode_reglement TO paiement")
    (gone,) = [f for f in check() if f["code"] == "SV443"]
    assert "clients has no column mode_reglement, of which something is asserted" in gone["message"]


def test_no_card_code_lies_in_any_table(example: Example, check: Check) -> None:
    url = example("sociatex")
    run(url, "ALTER TABLE reglements ADD cryptogramme VARCHAR(4)")
    assert check() == []
    run(url, "UPDATE reglements SET cryptogramme = '123' WHERE id <= 7")
    (found,) = check()
    assert found["code"] == "SV443", "one fact is said once, with its promise"
    assert "reglements.cryptogramme holds verification codes of payment cards in 7 rows" in found["message"]
    assert "SOCIATEX-RET-04" in found["message"]


def test_advertising_is_off_unless_asked_for(example: Example, store_url: str, check: Check) -> None:
    url = example("exograd")
    assert check() == []
    if store_url.startswith("sqlite"):
        run(
            url,
            "ALTER TABLE accounts RENAME COLUMN commercial_email TO old_mail",
            "ALTER TABLE accounts ADD COLUMN commercial_email BOOLEAN NOT NULL DEFAULT 1",
        )
    else:
        run(url, "ALTER TABLE accounts ALTER COLUMN commercial_email SET DEFAULT true")
    (found,) = check()
    assert (
        "accounts.commercial_email has another default than is asserted (EXOGRAD-CNS-01)" in found["message"]
    )


def test_a_promise_that_does_not_exist_is_told_at_its_line(
    example: Example, tmp_path: Path, check: Check
) -> None:
    example("exograd")
    path = tmp_path / "stores.yaml"
    path.write_text(path.read_text().replace("promise: EXOGRAD-CNS-01", "promise: EXOGRAD-CNS-99"))
    (found,) = check()
    assert "“EXOGRAD-CNS-99” is no promise of the policy" in found["message"]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "value", "same"),
    [
        (None, None, True),
        ("NULL", None, True),
        ("'null'", None, False),
        ("false", False, True),
        ("0", False, True),
        ("'0'", False, True),
        ("b'0'", False, True),
        ("(0)", False, True),
        ("1", False, False),
        ("true", True, True),
        (None, False, False),
        ("'off'::character varying", "off", True),
        ("'it''s'", "it's", True),
        ("current_timestamp()", "current_timestamp()", False),
        ("3", 3, True),
        ("3", 4, False),
    ],
)
def test_a_default_is_read_as_each_database_spells_it(text: str | None, value: Any, same: bool) -> None:
    assert has_default(Column("c", "X", nullable=True, default=text), value) is same


def test_nobody_under_fifteen_has_an_account_in_use_without_a_consent(example: Example, check: Check) -> None:
    """The birthday counts from its first hour; who is not of age waits without a password, or has a consent."""
    url = example("xsior")
    assert check() == []
    born = "UPDATE users SET birth_date = {}, password_hash = 'x' WHERE id = {}"
    run(url, born.format("'2011-11-22'", 301))  # fifteen today
    run(url, born.format("NULL", 302))  # nobody knows
    assert check() == []
    run(url, born.format("'2011-11-23'", 303), born.format("'2020-02-29'", 304))
    (found,) = check()
    assert (
        "2 rows are not as asserted, parental_consents has a consent for who is under 15" in found["message"]
    )
    assert "XSIOR-MIN-01" in found["message"]
    consent = (
        "INSERT INTO parental_consents (id, user_id, parent_name, parent_email, method, given_at) VALUES"
    )
    run(url, f"{consent} (90001, 303, 'p', 'p@example.org', 'form', '2026-11-01 10:00:00')")
    (found,) = check()
    assert "1 row is not as asserted" in found["message"]
    run(url, "UPDATE users SET password_hash = NULL WHERE id = 304")
    assert check() == []
