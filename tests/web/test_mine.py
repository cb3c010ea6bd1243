"""The pages of somebody who is signed in: by their link, or by the company's own login."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from office import ADDRESS
from projects import TestProject, policy, project, retention
from servanda.project import Project
from servanda.web import session
from servanda.web.session import Session
from served import Served, Visitor, serve

KEY = Ed25519PrivateKey.generate()
NAME = "app.people.name"
PLACES: dict[str, Any] = {
    "people": {
        "data": "account",
        "person": "self",
        "identifiers": {"email": "email"},
        "editable": ["name", "phone"],
        "triggers": {"closed": {"column": "closed", "open": None}},
    },
    "visits": {"data": "visit", "person": {"via": "person", "to": "people"}, "triggers": {"seen": "at"}},
}


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestProject:
    monkeypatch.setenv("SERVANDA_VAULT", str(tmp_path / "keys"))
    promises = [
        retention("T-RET-01", "account", "closed", "P3Y"),
        retention("T-RET-02", "visit", "seen", "P1Y"),
    ]
    made = project(tmp_path / "p", f"sqlite:///{tmp_path / 'app.db'}", policy(promises), PLACES)
    made.run(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, name VARCHAR(20) NOT NULL, phone TEXT, closed DATE)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id), at DATE)",
        f"INSERT INTO people VALUES (1, '{ADDRESS}', 'Léa <b>', '01', NULL), (2, 'x@example.org', 'Xan', '02', NULL)",
        "INSERT INTO visits VALUES (1, 1, '2026-11-02'), (2, 1, '2026-03-01'), (3, 2, '2019-11-03')",
    )
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (made.folder / "login.pem").write_bytes(public)
    stores = yaml.safe_load((made.folder / "stores.yaml").read_text())
    stores["login"] = {"issuer": "https://app.example.org", "keys": "login.pem"}
    (made.folder / "stores.yaml").write_text(yaml.safe_dump(stores))
    return made


@pytest.fixture
def served(found: TestProject) -> Iterator[Served]:
    yield from serve(Project(found.folder, database=found.db))


def token(about: str = ADDRESS, number: str = "n-1", key: Ed25519PrivateKey = KEY) -> str:
    now = datetime.now(UTC)
    claims = {"iss": "https://app.example.org", "aud": "servanda", "sub": about, "iat": now, "jti": number}
    return jwt.encode({**claims, "exp": now + timedelta(minutes=5)}, key, algorithm="EdDSA")


def entered(served: Served, language: str = "fr") -> Visitor:
    visitor = served.visitor(language)
    page = visitor.post("/enter", token=token())
    assert page.url.endswith("/mine")
    return visitor


def by_link(served: Served) -> Visitor:
    visitor = served.visitor()
    form = visitor.get("/ask/access")
    visitor.post("/ask/access", email=ADDRESS, form=form.form)
    link = f"/confirm/{served.token()}"
    visitor.post(link, form=visitor.get(link).form)
    return visitor


@pytest.mark.parametrize("way", [entered, by_link])
def test_a_person_sees_what_is_held_and_nothing_of_others(served: Served, way: Any) -> None:
    page = way(served).get("/mine")
    assert page.status == 200
    assert 'value="Léa &lt;b&gt;"' in page.text
    assert "depuis le 1er mars 2026" in page.text
    assert "2 lignes" in page.text
    assert "Xan" not in page.text
    assert "2019" not in page.text
    assert "no-store" in page.headers["cache-control"]


def test_what_is_typed_is_changed_at_once_and_told_by_letter(served: Served, found: TestProject) -> None:
    visitor = entered(served)
    page = visitor.get("/mine")
    said = {
        f"v.{NAME}": "Léonie",
        f"w.{NAME}": "Léa <b>",
        "v.app.people.phone": "01",
        "w.app.people.phone": "01",
    }
    after = visitor.post("/mine", form=page.form, **said)
    assert 'role="status"' in after.text
    assert 'value="Léonie"' in after.text
    assert found.rows("SELECT name FROM people ORDER BY id") == [("Léonie",), ("Xan",)]
    assert [kind for kind, _ in served.letters()] == ["answered-rectification"]


def test_what_does_not_fit_changes_nothing_and_stays_in_the_form(served: Served, found: TestProject) -> None:
    visitor = entered(served)
    form = visitor.get("/mine").form
    page = visitor.post("/mine", form=form, **{f"v.{NAME}": "L" * 21, "v.app.people.phone": "05"})
    assert page.status == 422
    assert "L" * 21 in page.text
    assert 'aria-invalid="true"' in page.text
    assert found.rows("SELECT name, phone FROM people WHERE id = 1") == [("Léa <b>", "01")]


def test_a_change_that_somebody_else_made_meanwhile_is_not_undone(served: Served, found: TestProject) -> None:
    visitor = entered(served)
    form = visitor.get("/mine").form
    found.run("UPDATE people SET phone = '99' WHERE id = 1")
    said = {
        f"v.{NAME}": "Léonie",
        f"w.{NAME}": "Léa <b>",
        "v.app.people.phone": "01",
        "w.app.people.phone": "01",
    }
    visitor.post("/mine", form=form, **said)
    assert found.rows("SELECT name, phone FROM people WHERE id = 1") == [("Léonie", "99")]


def test_only_our_form_and_only_their_fields(served: Served, found: TestProject) -> None:
    visitor = entered(served)
    form = visitor.get("/mine").form
    assert visitor.post("/mine", form="0" * 64, **{f"v.{NAME}": "Y"}).status == 403
    assert visitor.post("/mine", form=form, **{"v.app.people.email": "y@example.org"}).status == 409
    assert visitor.post("/mine", form=form, **{"v.app.people.nothing": "y"}).status == 409
    assert served.visitor().post("/mine", **{f"v.{NAME}": "Y"}).status == 403
    assert found.rows("SELECT email, name FROM people WHERE id = 1") == [(ADDRESS, "Léa <b>")]


def test_nobody_enters_with_what_the_login_did_not_sign(served: Served) -> None:
    visitor, used = served.visitor(), token(number="n-9")
    assert visitor.post("/enter", token=used).status == 200
    other = served.visitor()
    for bad in (used, token(key=Ed25519PrivateKey.generate()), "x", "", used[:-4]):
        assert other.post("/enter", token=bad).status == 403
        assert other.get("/mine").status == 410


def test_a_cookie_that_was_changed_or_is_over_opens_nothing(served: Served) -> None:
    from servanda.rights.account.account import Member

    vault, now, db = served.project.vault, served.project.now, served.project.database
    made = session.make(vault, Session(None, Member(ADDRESS, "link")), now)
    assert ADDRESS not in made
    assert session.read(db, vault, made, now) is not None
    assert session.read(db, vault, made, now + timedelta(hours=1)) is None
    for bad in (made[:-2], made[::-1], "A" + made, "é", "", "a.b.c", made * 9):
        assert session.read(db, vault, bad, now) is None


def test_whoever_is_signed_in_asks_without_a_mail(served: Served) -> None:
    visitor = entered(served, "en")
    form = visitor.get("/ask/erasure")
    assert 'name="email"' not in form.text
    page = visitor.post("/ask/erasure", form=form.form, words="please")
    assert page.url.endswith("/request")
    (request,) = served.requests.all()
    assert (request.right, request.state, request.channel) == ("erasure", "proved", "account")
    assert [kind for kind, _ in served.letters()] == []


def test_leaving_ends_it(served: Served) -> None:
    visitor = entered(served)
    form = re.search(r'name="form" value="([0-9a-f]{64})"', visitor.get("/mine").text)
    assert form is not None
    visitor.post("/leave", form="wrong")
    assert visitor.get("/mine").status == 200, "another site does not sign anybody out"
    visitor.post("/leave", form=form[1])
    assert visitor.get("/mine").status == 410


def test_who_asks_for_somebody_else_sees_their_request_and_no_data(served: Served) -> None:
    from servanda.rights.record.requests import Opening

    project, requests = served.project, served.requests
    found = requests.open(Opening("access", ADDRESS, ADDRESS, project.today, "parent", "centre", "fr"))
    requests.send_link(found.number, project.now)
    visitor = served.visitor()
    link = f"/confirm/{served.token()}"
    visitor.post(link, form=visitor.get(link).form)
    assert visitor.get("/request").status == 200
    assert visitor.get("/mine").status == 410


def test_a_cookie_that_was_copied_opens_nothing_after_its_owner_left(served: Served) -> None:
    visitor = entered(served)
    kept = [(c.name, c.value) for c in visitor.jar if c.name == session.COOKIE]
    assert kept
    form = re.search(r'name="form" value="([0-9a-f]{64})"', visitor.get("/mine").text)
    assert form is not None
    visitor.post("/leave", form=form[1])
    for name, value in kept:
        assert served.visitor().get("/mine", Cookie=f"{name}={value}").status == 410
