"""The privacy centre in a real browser, with mail from a real server: asked, proved, fetched, in both languages."""

from __future__ import annotations

import io
import re
import shutil
import socket
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from axe_playwright_python.sync_playwright import Axe
from examples.exograd.generate import build
from playwright.sync_api import Browser, BrowserContext, Page

from browser import launched
from servanda.database import Database
from servanda.project import Project
from servanda.rights.account.account import Member
from servanda.rights.right import listed
from servanda.vault import Vault
from servanda.web.session import COOKIE, Session, make
from servanda.worker.worker import Worker
from served import Served, serve

EXOGRAD = Path(__file__).parents[2] / "examples" / "exograd"
CLIENT = "helene.uvrard.306@example.net"
SIZES = ((360, 740), (1280, 900))
SAYS = {
    "fr": {"access": "Obtenir mes données", "sent": "Ouvrez", "kept": "31 décembre"},
    "en": {"access": "Get my data", "sent": "Open", "kept": "31 December"},
}

pytestmark = pytest.mark.xdist_group("browser")


@dataclass
class Inbox:
    """What a mail server was given."""

    messages: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        del server, session
        found = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.messages.append(found)
        return "250 OK"

    def link(self, way: str) -> str:
        """The newest link of a kind."""
        for message in reversed(self.messages):
            part = message.get_body(("plain",))
            found = re.search(way + r"/[\w-]+", part.get_content()) if part is not None else None
            if found:
                return found[0]
        raise AssertionError(f"no mail has a link to {way}")


@pytest.fixture(scope="module")  # its loop must not run on in tests of others
def browser() -> Iterator[Browser]:
    with launched() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exograd") / "exograd.db"
    build(f"sqlite:///{path}", date.today())
    return path


@dataclass
class Company:
    """Exograd with its centre, its worker, its mail."""

    served: Served
    worker: Worker
    inbox: Inbox

    def round(self) -> None:
        """A round of the worker, in a thread of its own as in life: the browser’s has a loop that runs."""
        thread = threading.Thread(target=self.worker.round)
        thread.start()
        thread.join(60)


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path) -> Iterator[Company]:
    monkeypatch.setenv("SERVANDA_VAULT", str(tmp_path / "keys"))
    monkeypatch.delenv("EXOGRAD_DATABASE_URL", raising=False)
    folder = tmp_path / "exograd"
    (folder / "logs" / "nginx").mkdir(parents=True)
    shutil.copy(EXOGRAD / "policy.yaml", folder)
    shutil.copy(database, folder / "exograd.db")
    inbox = Inbox()
    with _mail(inbox) as port:
        stores = (EXOGRAD / "stores.yaml").read_text(encoding="utf-8")
        mail = f"mail: {{url: 'smtp+plain://127.0.0.1:{port}', sender: privacy@exograd.example}}\n"
        (folder / "stores.yaml").write_text(stores + mail, encoding="utf-8")
        with Database.open(None, folder) as db:
            vault = Vault.create(db)
            own = Project(folder, database=db, vault=vault)
            for served in serve(own):
                yield Company(served, Worker(own), inbox)


@contextmanager
def _mail(inbox: Inbox) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def visit(browser: Browser, company: Company, language: str = "fr", **more: Any) -> Iterator[Page]:
    """A visitor’s page, without scripts unless asked for; every request and console error is noted."""
    choices: dict[str, Any] = {"java_script_enabled": False, "viewport": {"width": 1280, "height": 900}}
    context: BrowserContext = browser.new_context(locale=language, **(choices | more))
    context.set_default_timeout(20_000)
    page = context.new_page()
    elsewhere: list[str] = []
    said: list[str] = []
    base = company.served.base
    page.on("request", lambda r: None if r.url.startswith(base) else elsewhere.append(r.url))
    page.on("console", lambda m: said.append(m.text) if m.type == "error" and "422" not in m.text else None)
    yield page
    context.close()
    assert elsewhere == [], "a page loads something of somebody else"
    assert said == [], "a page makes the browser complain"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_somebody_gets_their_data_and_is_forgotten(browser: Browser, company: Company, language: str) -> None:
    says, base = SAYS[language], company.served.base
    with visit(browser, company, language) as page:
        page.goto(base)
        page.get_by_role("link", name=says["access"]).click()
        page.locator("#email").fill(CLIENT)
        page.get_by_role("button").click()
        assert says["sent"] in page.locator("h1").inner_text()
        company.round()
        page.goto(base + company.inbox.link("/confirm"))
        page.get_by_role("button").click()
        assert page.url == f"{base}/request"
        company.round()
        page.goto(base + company.inbox.link("/download"))
        with page.expect_download() as waiting:
            page.get_by_role("button").click()
        assert waiting.value.failure() is None
        fetched = Path(waiting.value.path()).read_bytes()
        assert zipfile.is_zipfile(io.BytesIO(fetched)), f"{len(fetched)} bytes that begin {fetched[:200]!r}"
        copy = zipfile.ZipFile(io.BytesIO(fetched))
        assert CLIENT in copy.read("index.html").decode()
        page.goto(f"{base}/ask/erasure")
        assert page.locator("#email").count() == 0, "who is signed in types no address"
        page.get_by_role("button").click()
        assert page.url == f"{base}/request"
        company.round()
        part = company.inbox.messages[-1].get_body(("plain",))
        assert part is not None
        assert says["kept"] in part.get_content(), "the invoices stay, and the letter says until when"
        assert company.inbox.messages[-1]["Content-Language"] == language


def test_every_page_can_be_used_by_everybody(browser: Browser, company: Company) -> None:
    """Axe finds nothing, nothing is wider than a small screen, in light and dark, in both languages."""
    base, faults = company.served.base, []
    paths = ["/", "/rights", "/policy", *(f"/ask/{r.name}" for r in listed())]
    for language, scheme, (width, height) in (("fr", "light", SIZES[0]), ("en", "dark", SIZES[1])):
        look = {"color_scheme": scheme, "viewport": {"width": width, "height": height}}
        with visit(browser, company, language, java_script_enabled=True, bypass_csp=True, **look) as page:
            for path in paths:
                page.goto(base + path)
                assert page.locator("html").get_attribute("lang") == language
                wide = page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                assert wide <= 0, f"{path} scrolls sideways at {width} px"
                found = Axe().run(page)
                faults += [f"{path} {scheme} {width}: {v['id']}" for v in found.response["violations"]]
    assert faults == []


def test_the_pages_of_who_is_signed_in_can_be_used_by_everybody(browser: Browser, company: Company) -> None:
    """The same of one’s data, in both languages; a field is changed with the keyboard alone."""
    base, faults = company.served.base, []
    member = Session(None, Member(CLIENT, "link"))
    cookie = make(company.served.project.vault, member, company.served.project.now)
    for language, scheme, (width, height) in (("fr", "dark", SIZES[0]), ("en", "light", SIZES[1])):
        look = {"color_scheme": scheme, "viewport": {"width": width, "height": height}}
        with visit(browser, company, language, java_script_enabled=True, bypass_csp=True, **look) as page:
            page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": base}])
            page.goto(base + "/mine")
            for summary in page.locator("summary").all():
                summary.click()
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0, f"/mine scrolls sideways at {width} px"
            faults += [f"/mine {scheme}: {v['id']}" for v in Axe().run(page).response["violations"]]
            page.locator("input.field").first.fill(f"Hélène {language}")
            page.keyboard.press("Enter")
            page.wait_for_url("**/mine?saved")
            assert page.locator("input.field").first.input_value() == f"Hélène {language}"
            faults += [f"/mine?saved {scheme}: {v['id']}" for v in Axe().run(page).response["violations"]]
    assert faults == []


def test_a_form_keeps_what_was_typed_and_says_what_is_wrong(browser: Browser, company: Company) -> None:
    with visit(browser, company) as page:
        page.goto(f"{company.served.base}/ask/rectification")
        page.locator("#email").fill("<b>nobody</b>")
        page.locator("#words").fill("<script>alert(1)</script> est faux")
        with page.expect_response(lambda r: r.request.method == "POST") as answer:
            page.get_by_role("button").click()
        assert answer.value.status == 422
        assert page.locator("#email").input_value() == "<b>nobody</b>"
        assert page.locator("#words").input_value().startswith("<script>")
        assert page.get_by_role("alert").is_visible()


def test_the_keyboard_is_enough(browser: Browser, company: Company) -> None:
    with visit(browser, company, "en") as page:
        page.goto(company.served.base)
        page.keyboard.press("Tab")
        assert page.locator(":focus").get_attribute("class") == "skip"
        for _ in range(3):
            page.keyboard.press("Tab")
        assert page.locator(":focus").get_attribute("href") == "/ask/access"
        page.keyboard.press("Enter")
        page.wait_for_url("**/ask/access")
        page.locator("#email").focus()
        page.keyboard.type("nobody@example.org")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert "nobody@example.org" in page.locator("main").inner_text()


def test_the_switch_of_language_stays(browser: Browser, company: Company) -> None:
    with visit(browser, company, "fr") as page:
        page.goto(company.served.base)
        page.get_by_role("link", name="English").click()
        assert page.locator("html").get_attribute("lang") == "en"
        page.goto(f"{company.served.base}/rights")
        assert page.locator("html").get_attribute("lang") == "en"
