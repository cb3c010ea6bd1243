"""Data of two periods in one row: what is over first is emptied, or stands on the list of what is overdue."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from projects import NOW, TestProject, policy, project, retention
from servanda.plan.plan import Stuck
from servanda.promises import statuses

ORDERS: dict[str, Any] = {
    "data": {"order": ["cents"], "delivery": ["ship_to"]},
    "person": "none",
    "triggers": {"placed": "placed_on", "left": {"column": "left_on", "open": None}},
    "at_end": {"ship_to": None},
}


def made(folder: Path, url: str, at_end: dict[str, Any], order_limit: str = "max") -> TestProject:
    promises = [
        retention("T-RET-01", "order", "placed", "P1Y", limit=order_limit),
        retention("T-RET-02", "delivery", "left", "P1Y"),
    ]
    company = project(folder, url, policy(promises), {"orders": ORDERS | {"at_end": at_end}})
    company.run(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, placed_on DATE, left_on DATE, cents INTEGER,"
        " ship_to VARCHAR(20))",
        "CREATE INDEX placed ON orders (placed_on)",
        "CREATE INDEX gone ON orders (left_on)",
        # 1 both are over; 2 the order alone; 3 the delivery alone; 4 neither
        "INSERT INTO orders VALUES (1, '2020-01-01', '2020-01-01', 5, 'a'), (2, '2020-01-01', NULL, 5, 'b'),"
        " (3, '2026-11-01', '2020-01-01', 5, 'c'), (4, '2026-11-01', NULL, 5, 'd')",
    )
    return company


def standing(company: TestProject) -> dict[str, tuple[str, str]]:
    with company.opened(NOW + timedelta(hours=1)) as opened:
        return {s.promise.id: (s.state, s.why) for s in statuses(opened)}


def test_a_field_that_nothing_empties_is_overdue_and_its_promise_is_not_kept(
    tmp_path: Path, store_url: str
) -> None:
    company = made(tmp_path / "p", store_url, {"ship_to": None})
    assert company.plan().stuck == (Stuck("app.orders", 1, "unemptied", ("T-RET-01",)),)
    company.apply()
    assert company.rows("SELECT id, cents, ship_to FROM orders ORDER BY id") == [
        (2, 5, "b"),
        (3, 5, None),
        (4, 5, "d"),
    ]
    state, why = standing(company)["T-RET-01"]
    assert state == "at_risk"
    assert "1 row overdue" in why
    assert standing(company)["T-RET-02"][0] == "kept"


def test_where_at_end_says_how_it_is_emptied_nothing_is_overdue(tmp_path: Path, store_url: str) -> None:
    company = made(tmp_path / "p", store_url, {"ship_to": None, "cents": None})
    assert company.plan().stuck == ()
    company.apply()
    assert company.rows("SELECT id, cents FROM orders ORDER BY id") == [(2, None), (3, 5), (4, 5)]
    assert {state for state, _ in standing(company).values()} == {"kept"}


def test_a_mere_minimum_is_no_end(tmp_path: Path, store_url: str) -> None:
    """Data that must be kept so long, and not longer than anything, are never overdue."""
    company = made(tmp_path / "p", store_url, {"ship_to": None}, order_limit="min")
    assert company.plan().stuck == ()
