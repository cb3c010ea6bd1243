"""The examples' own databases, on every kind: no finding of severity error, and no value of a row.

What the law finds in their texts is told by test_gold.py.
"""

from __future__ import annotations

import importlib
import json
import shutil
from datetime import date
from pathlib import Path

import pytest

import generated
from servanda.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
STORES = ("--select", "SV10", "--select", "SV4", "--select", "SV50")
"""What is judged here: documents and stores that fit each other; their texts break the law, as published."""
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/stores.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_no_error(
    name: str,
    store_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = importlib.import_module(f"examples.{name}.generate")
    generated.build(name, store_url, date(2026, 11, 22), 1)
    if hasattr(made, "write_logs"):
        made.write_logs(tmp_path, date(2026, 11, 22))
    for document in ("policy.yaml", "stores.yaml"):
        shutil.copy(EXAMPLES / name / document, tmp_path)
    monkeypatch.setenv(f"{name.upper()}_DATABASE_URL", store_url)
    with pytest.raises(SystemExit) as ended:
        main(["-C", str(tmp_path), "check", "--json", *STORES])
    shown = capsys.readouterr()
    findings = json.loads(shown.out)["findings"]
    assert [f["message"] for f in findings if f["severity"] == "error"] == []
    assert ended.value.code == 0, shown.err
    assert any(f["code"] == "SV420" for f in findings), "every example has rows without a date"
    assert "@" not in shown.out, "a finding never quotes a value"
