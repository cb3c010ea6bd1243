"""What stands in a copy: values, places, what may be taken along, the zip itself."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from copies import NOW, Opened, Reader, held, pack, policy
from servanda.documents.packing import spool, tables
from servanda.errors import ServandaError
from servanda.policy.policy import Policy

pytestmark = pytest.mark.unit


# -- values --------------------------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "</title></style></table><base href=//evil>",
    "javascript:alert(1)",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_people_wrote_is_never_markup(hostile: str) -> None:
    names = {"categories": {"a": {"says": {"en": hostile}, "audience": "customer"}}}
    plain = pack([held(rows=[(1, "x")] * 2)])
    loaded = pack(
        [
            held(
                f"app.{hostile}",
                ("id", hostile),
                [(1, hostile)] * 2,
                {"a": (hostile,)},
                left_out=(hostile,),
            )
        ],
        policy(**names, controller={"name": hostile}, dpo={"name": hostile, "email": hostile}),
    )
    page = Reader(loaded.page)
    tags = {tag for tag, _ in page.tags}
    assert tags <= {tag for tag, _ in Reader(plain.page).tags} | {"svg", "rect", "path"}
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert not any(str(link.get("href")).startswith("javascript") for link in page.all("a"))
    assert "".join(hostile.split()) in "".join(page.text.split())


VALUES: list[tuple[Any, Any, str]] = [
    (None, None, ""),
    ("", "", ""),
    (0, 0, "0"),
    (True, True, "true"),
    (-12, -12, "-12"),
    (2**70, 2**70, str(2**70)),
    (1.5, 1.5, "1.5"),
    (float("inf"), "inf", "inf"),
    (Decimal("12345678901234567.10"), Decimal("12345678901234567.10"), "12345678901234567.10"),
    (b"\x00\xff", {"base64": "AP8="}, "AP8="),
    (memoryview(b"a"), {"base64": "YQ=="}, "YQ=="),
    (date(2026, 3, 2), "2026-03-02", "2026-03-02"),
    (datetime(2026, 3, 2, 9, 5), "2026-03-02T09:05:00", "2026-03-02T09:05:00"),
    (
        datetime(2026, 3, 2, 9, 5, 0, 120, timezone(timedelta(hours=2))),
        "2026-03-02T09:05:00.000120+02:00",
        "2026-03-02T09:05:00.000120+02:00",
    ),
    (timedelta(hours=26, seconds=4), "PT26H0M4S", "PT26H0M4S"),
    ({"b": [1, None]}, {"b": [1, None]}, '{"b": [1, null]}'),
    ("Léa 🌱 北京", "Léa 🌱 北京", "Léa 🌱 北京"),
    ('a "b", c\r\nd', 'a "b", c\r\nd', 'a "b", c\r\nd'),
    ("half \udc80", "half \udc80", "half \\udc80"),
    ("nul \x00", "nul \x00", "nul \x00"),
]


@pytest.mark.parametrize(
    ("value", "as_json", "as_csv"), VALUES, ids=[f"{i}-{type(v[0]).__name__}" for i, v in enumerate(VALUES)]
)
def test_values_keep_their_types(value: Any, as_json: Any, as_csv: str) -> None:
    copy = pack([held(rows=[(1, value), (2, "after")])])
    text = copy.zip.read("data/app.notes.json").decode()
    assert json.loads(text, parse_float=_number)["rows"][0]["body"] == as_json
    if "\x00" in as_csv:  # the reader of this Python refuses it
        assert as_csv.encode() in copy.zip.read("data/app.notes.csv")
        return
    assert copy.rows("data/app.notes.csv")[1:] == [["1", as_csv], ["2", "after"]]


def _number(text: str) -> float | Decimal:
    return Decimal(text) if len(text) > 17 else float(text)


def test_null_and_nothing_differ_in_csv() -> None:
    copy = pack([held(columns=("body",), rows=[(None,), ("",)], data={"a": ("body",)})])
    raw = copy.zip.read("data/app.notes.csv")
    assert raw.startswith(b"\xef\xbb\xbfbody\r\n")
    two = pack([held(rows=[(1, None), (2, "")])])
    assert two.zip.read("data/app.notes.csv").endswith(b'1,\r\n2,""\r\n')


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r1", "＝1", '=HYPERLINK("x")'])
def test_no_cell_is_run_as_a_formula(formula: str) -> None:
    copy = pack([held(columns=("id", formula), rows=[(1, formula)], data={"a": (formula,)})])
    head, row = copy.rows("data/app.notes.csv")
    assert head[1] == row[1] == "'" + formula
    assert copy.json("data/app.notes.json")["rows"][0] == {"id": 1, formula: formula}


@pytest.mark.parametrize("text", ["a;=1+1", "\r=1", "a\n=1", "a\r\n@SUM(1)", "x;+1;-2", 'say "b";=1', ";＝1"])
@pytest.mark.parametrize("column", [0, 1])
def test_nor_where_cells_are_parted_by_semicolons(text: str, column: int) -> None:
    row = (text, 7) if column == 0 else (7, text)
    copy = pack([held(rows=[row])])
    content = copy.zip.read("data/app.notes.csv").decode("utf-8-sig")
    lines = content.replace("\r\n", "\n").replace("\r", "\n").splitlines(keepends=True)
    for mark in ",;":
        cells = [cell for line in csv.reader(lines, delimiter=mark) for cell in line]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "＝"))], mark
    assert copy.json("data/app.notes.json")["rows"][0] == dict(zip(("id", "body"), row, strict=True))


def test_the_page_shows_days_in_words_and_says_what_is_not_there() -> None:
    rows = [
        (1, date(2026, 3, 2)),
        (2, "2026-03-02 09:05:00"),
        (3, datetime(2026, 3, 2, 9, 5, tzinfo=UTC)),
        (4, "2026-99-99"),
        (5, None),
        (6, b"abc"),
        (7, "y" * 5_000),
    ]
    text = Reader(pack([held(rows=rows)]).page).text
    for said in (
        "2 March 2026 1",
        "2 March 2026 at 09:05 2",
        "2 March 2026 at 09:05 (UTC)",
        "2026-99-99",
        "3 bytes, in the files",
        "(5000 characters in all, in the files)",
    ):
        assert said in text, said


def test_headings_are_the_fields_of_the_policy() -> None:
    columns = ("id", "src", "frobnication_level", "account_id")
    copy = pack(
        [
            held(
                columns=columns,
                rows=[(1, 2, 3, 4)] * 2,
                data={"a": columns[1:3]},
                fields={"src": "source_ip"},
            )
        ]
    )
    heads = [attrs["title"] for attrs in Reader(copy.page).all("th")]
    assert heads == ["src", "frobnication_level", "id", "account_id"]
    text = Reader(copy.page).text
    assert "Source IP address Frobnication level Number Account number" in text


# -- places --------------------------------------------------------------------------------------


def test_the_page_has_the_first_rows_and_the_files_all() -> None:
    copy = pack([held(rows=((i, f"row-{i}.") for i in range(1_234)))])
    page = Reader(copy.page)
    assert len(page.all("tr")) == 1 + tables.PREVIEW_ROWS
    assert "row-199." in page.text
    assert "row-200." not in page.text
    assert "The first 200 of 1,234 rows" in page.text
    assert len(copy.json("data/app.notes.json")["rows"]) == 1_234
    assert len(copy.rows("data/app.notes.csv")) == 1_235


def test_rows_that_name_the_person_stand_apart() -> None:
    own = held(rows=[(1, "mine")] * 2)
    others = held(rows=[(9, "named here")] * 2, named=True)
    copy = pack([own, others])
    assert {"data/app.notes.json", "data/app.notes.named.json"} <= set(copy.zip.namelist())
    text = Reader(copy.page).text
    assert text.index("mine") < text.rindex("Where others name you") < text.index("named here")
    assert [p["named_only"] for p in copy.json("about.json")["places"]] == [False, True]


def test_names_of_files_are_safe() -> None:
    places = [
        "app.../../etc/passwd",
        "app.CON",
        "con.x",
        "app.données",
        "app.DONNEES",
        "北京",
        "app.a\nb",
        "/",
        "x" * 300,
    ]
    copy = pack([held(place) for place in places])
    names = [name for name in copy.zip.namelist() if name.startswith("data/")]
    assert len({name.lower() for name in names}) == 2 * len(places)
    for name in names:
        inside = name.removeprefix("data/")
        assert inside.isascii()
        assert not set(inside) & set('/\\:*?"<>|\n')
        assert not inside.startswith((".", "con.", "CON."))
        assert len(inside) < 100
    assert [p["place"] for p in copy.json("about.json")["places"]] == places


def test_an_empty_copy_says_so() -> None:
    copy = pack([])
    assert (copy.packed.rows, copy.packed.places) == (0, 0)
    assert "We found nothing about you." in Reader(copy.page).text
    assert "can be taken along" in Reader(pack([], right="portability").page).text


# -- to take along -------------------------------------------------------------------------------


def portable_policy() -> Policy:
    """a: given, for a contract. b: given, for a law. c: derived, for a contract. d: given in part, by consent."""
    names = {n: {"says": {"en": f"Data {n}"}, "audience": "customer"} for n in "abcd"}
    purposes = {
        "service": {"says": {"en": "Service"}, "basis": ["contract"], "data": ["a", "c"]},
        "taxes": {"says": {"en": "Taxes"}, "basis": ["legal_obligation"], "data": ["a", "b"]},
        "letter": {"says": {"en": "Letter"}, "basis": ["consent"], "data": ["d"]},
    }
    forms = {
        "order": {"says": {"en": "Order"}, "data": ["a", "b"]},
        "newsletter": {"says": {"en": "Newsletter"}, "data": ["d"], "fields": ["e_mail"]},
    }
    return policy(categories=names, purposes=purposes, collection={"forms": forms})


def test_derived_data_and_rows_of_others_stay_out() -> None:
    columns = ("id", "given", "tax", "score", "mail", "opened")
    data = {"a": ("given",), "b": ("tax",), "c": ("score",), "d": ("mail", "opened")}
    places = [
        held(columns=columns, rows=[(1, "g", "t", "s", "m", "o")], data=data, fields={"mail": "e_mail"}),
        held("app.scores", ("id", "score"), [(1, "high")], {"c": ("score",)}),
        held("app.comments", ("id", "given"), [(1, "me")], {"a": ("given",)}, named=True),
    ]
    copy = pack(places, portable_policy(), "portability")
    assert [n for n in copy.zip.namelist() if n.endswith(".json") and n.startswith("data/")] == [
        "data/app.notes.json"
    ]
    assert copy.json("data/app.notes.json")["rows"] == [{"id": 1, "given": "g", "mail": "m"}]
    assert b"high" not in b"".join(copy.zip.read(name) for name in copy.zip.namelist())
    assert copy.packed.places == 1


def test_the_manifest_speaks_dpv_and_fetches_nothing() -> None:
    place = held(columns=("id", "given"), rows=[(1, "g")], data={"a": ("given",)})
    copy = pack([place], portable_policy(), "portability")
    manifest = copy.json("manifest.jsonld")
    assert isinstance(manifest["@context"], dict)
    assert manifest["@context"]["dpv"] == "https://w3id.org/dpv#"
    (data,) = manifest["dpv:hasPersonalData"]
    assert data["dpv:hasPurpose"][0]["dpv:hasLegalBasis"] == [{"@id": "eu-gdpr:A6-1-b"}]
    used = {word for key in keys(manifest) if ":" in (word := key) and not key.startswith("@")}
    assert {key.split(":")[0] for key in used} <= set(manifest["@context"])
    for file in manifest["dcat:distribution"]:
        content = copy.zip.read(file["@id"])
        assert hashlib.sha256(content).hexdigest() == file["spdx:checksum"]["spdx:checksumValue"]
    assert "manifest.jsonld" not in pack([held()]).zip.namelist()


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key != "@context":
                yield from keys(inner)
    if isinstance(value, list):
        for inner in value:
            yield from keys(inner)


# -- the zip -------------------------------------------------------------------------------------


def test_the_same_input_gives_the_same_bytes() -> None:
    def once(at: datetime = NOW) -> Opened:
        return pack([held(rows=[(1, "x"), (2, None)]), held("app.logins")], at=at)

    first = once()
    assert first.raw == once().raw
    assert first.packed.digest == hashlib.sha256(first.raw).hexdigest()
    assert first.packed.size == len(first.raw)
    assert first.raw != once(NOW + timedelta(days=1)).raw
    assert first.zip.namelist() == [
        "data/app.notes.json",
        "data/app.notes.csv",
        "data/app.logins.json",
        "data/app.logins.csv",
        "about.json",
        "index.html",
    ]


def test_about_lists_the_files_with_their_digests() -> None:
    copy = pack([held()])
    about = copy.json("about.json")
    assert about["format"] == 1
    assert about["made_at"] == "2026-11-23T09:30:00+00:00"
    assert about["categories"]["a"]["periods"][0]["periods"] == ["P1Y"]
    for file in about["files"]:
        content = copy.zip.read(file["name"])
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])


def test_rows_beyond_memory_come_through_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    few = pack([held(rows=((i, f"é{i}") for i in range(4_000)))])
    monkeypatch.setattr(spool, "MEMORY_LIMIT", 1_000)
    monkeypatch.setattr(tables, "_BUFFER_SIZE", 1_000)
    many = pack([held(rows=((i, f"é{i}") for i in range(4_000)))])
    for name in few.zip.namelist():
        assert many.zip.read(name) == few.zip.read(name)


def test_what_fails_while_reading_is_told() -> None:
    def rows() -> Iterator[tuple[Any, ...]]:
        yield (1, "x")
        raise ServandaError("the store went away")

    with pytest.raises(ServandaError, match="the store went away"):
        pack([held(rows=rows())])


def test_there_is_no_copy_in_a_language_that_nobody_wrote() -> None:
    with pytest.raises(ServandaError, match="no sentences"):
        pack([held()], language="de")
