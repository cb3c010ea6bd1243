"""What a person sees: the transcript of check, plan, apply and promises, to the letter.

Dates, times and digests are replaced, since they are those of the day. After a wanted
change: UPDATE=1 pytest tests/cli/test_transcripts.py, and read the difference.
"""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from projects import policy, project, retention

HERE = Path(__file__).parent / "transcripts"
PLACES = {
    "accounts": {
        "data": "account",
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": {"account_closure": {"column": "closed_on", "open": None}},
        "skeleton": True,
        "at_end": {"email": None},
    },
    "invoices": {
        "data": "books",
        "person": {"via": "account_id", "to": "accounts"},
        "triggers": {
            "account_closure": {"of": "person", "column": "closed_on", "open": None},
            "invoice_issued": "issued_on",
        },
    },
    "visits": {"data": "visits", "person": "none", "triggers": {"collection": "at"}},
}


def promises() -> list[dict[str, Any]]:
    books = retention("DEMO-RET-03", "books", "account_closure", "P3Y", owner="accounting")
    books["published"] = {"period": "P3Y"}
    least = {
        "data": "books",
        "trigger": "invoice_issued",
        "end_of": "fiscal_year",
        "limit": "min",
        "active": "P10Y",
    }
    why = {"en": "Accounting law asks for ten years."}
    books["enforced"].append(
        least | {"ground": {"law": "FR/c-com/L123-22"}, "owner": "accounting", "because": why}
    )
    books["enforced"][0]["because"] = {"en": "What the text says."}
    named = [
        ("DEMO-RET-01", "visits", "collection", "P1Y"),
        ("DEMO-RET-02", "account", "account_closure", "P3Y"),
    ]
    staff = {
        "id": "DEMO-OTH-01",
        "name": "staff-training",
        "kind": "other",
        "keep": "attest",
        "line": 9,
        "says": {"en": "Staff are trained in data protection."},
    }
    found = [retention(*n) for n in named]
    for promise, name in zip([*found, books], ("visitor-logs", "customer-data", "invoices"), strict=True):
        promise["name"] = name
    return [*found, books, staff]


@pytest.fixture
def folder(tmp_path: Path, fresh_url: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    url = fresh_url("sqlite")
    document = policy([p for p in promises() if p.get("enforced")])
    document["promises"] = promises()
    document["categories"]["account"]["fields"] = ["email"]
    document["categories"]["visits"]["fields"] = ["ip_address"]
    found = project(tmp_path / "demo", url, document, PLACES)
    old, young = (date.today() - timedelta(days=d) for d in (5 * 366, 40))
    found.run(
        "PRAGMA journal_mode = WAL",
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, closed_on DATE)",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts (id),"
        " issued_on DATE)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, at DATE, ip TEXT)",
        "CREATE INDEX a ON accounts (closed_on)",
        "CREATE INDEX i ON invoices (account_id)",
        f"INSERT INTO accounts VALUES (1,'a@example.com',NULL),(2,'b@example.com','{old}'),(3,'c@example.com','{old}')",
        f"INSERT INTO accounts VALUES (4,'d@example.com','{old}'),(5,'e@example.com','{young}')",
        f"INSERT INTO invoices VALUES (1,2,'{old}'),(2,2,'{old}'),(3,1,'{young}')",
        *[f"INSERT INTO visits VALUES ({i},'{old if i < 70 else young}','192.0.2.{i}')" for i in range(100)],
        "INSERT INTO visits VALUES (100, NULL, '192.0.2.200')",
    )
    found.db.close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return found.folder


STEPS = [
    "check --select SV10,SV4",
    "hold place --kind litigation --person app.accounts=4 --case C-1 --reason dispute --review 2099-01-01",
    "plan",
    "apply --yes",
    "plan --exit-code",
    "promises",
    "promises customer-data",
    "apply",
    "promises --json --state broken",
    "plam",
]


def test_the_flow_reads_as_it_should(folder: Path) -> None:
    said = []
    for step in STEPS:
        result = CliRunner().invoke(main, ["-C", str(folder), *step.split()], catch_exceptions=False)
        said.append(f"$ servanda {step}\n{normal(result.output, folder)}[exit {result.exit_code}]\n")
    text = "\n".join(said)
    golden = HERE / "flow.txt"
    if os.environ.get("UPDATE"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def normal(text: str, folder: Path) -> str:
    """The text without what changes from day to day."""
    text = text.replace(str(folder), "demo").replace(str(folder.parent), ".")
    text = re.sub(r"plans/\d{8}-\d{6}", "plans/NAME", text)
    text = re.sub(r"\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d\+\d\d:\d\d)?)?", "DATE", text)
    text = re.sub(r"[0-9a-f]{4}…[0-9a-f]{4}", "DIGEST", text)
    text = re.sub(r"entry \d+", "entry N", text)
    return re.sub(r"prove \d+", "prove N", text)


def main_() -> Any:
    """The whole program, as an installed command: its errors are sentences."""
    import click

    from servanda.cli import main as run

    @click.command(
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    )
    @click.pass_context
    def whole(ctx: click.Context) -> None:
        run(ctx.args)

    return whole


main = main_()
