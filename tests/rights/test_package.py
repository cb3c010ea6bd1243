"""The copy of a real person of a real store, in both languages and for every example."""

from __future__ import annotations

import re
from datetime import date
from importlib.resources import files
from typing import Any, cast

import pytest
from examples.exograd.generate import build

from copies import ROOT, Opened, Reader, held, pack
from servanda.locale import LANGUAGES
from servanda.locale.po import read_po
from servanda.persons.copy import Copier
from servanda.persons.person import Person
from servanda.policy.policy import load_policy
from servanda.project import Project

pytestmark = pytest.mark.unit


# -- a real person of a real store ---------------------------------------------------------------


@pytest.fixture(scope="module")
def exograd_copies(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Opened]:
    """The copies of one client of Exograd, by right and language."""
    folder = tmp_path_factory.mktemp("exograd")
    build(f"sqlite:///{folder / 'exograd.db'}", date(2026, 11, 23))
    for name in ("policy.yaml", "stores.yaml"):
        (folder / name).write_bytes((ROOT / "examples" / "exograd" / name).read_bytes())
    found = {}
    with Project(folder).open_stores() as at:
        copier = Copier(at.stores)
        for right in ("access", "portability"):
            for language in LANGUAGES:
                places = copier.copy([Person("app.accounts", (42,))])
                found[right, language] = pack(places, at.policy, cast("Any", right), language)
    return found


def test_everything_of_a_client_of_exograd_is_in_it(
    exograd_copies: dict[tuple[str, str], Opened],
) -> None:
    copy = exograd_copies["access", "fr"]
    names = copy.zip.namelist()
    assert "data/app.accounts.json" in names
    assert "data/app.invoices.csv" in names
    account = copy.json("data/app.accounts.json")
    assert account["left_out"] == ["password_hash"]
    assert account["rows"][0]["id"] == 42
    assert "password_hash" not in account["rows"][0]
    about = copy.json("about.json")
    assert about["rows"] == copy.packed.rows == sum(p["rows"] for p in about["places"])
    assert copy.packed.places == len(about["places"]) >= 5
    text = Reader(copy.page).text
    for said in (
        "Vos données chez Exograd",
        "Factures et transactions",
        "Au moins 10 ans après la fin de l’exercice comptable",
        "Code de commerce, art. L123-22",
        "3 ans après la clôture du compte ; ensuite supprimées",
        "Stripe (Stripe Payments Europe, Limited)",
        "Irlande (groupe : États-Unis)",
        "aucune garantie n’est consignée",
        "De vous : Souscription aux services",
        "Laissé de côté : Mot de passe (empreinte)",
        "3 place de Fontenoy",
        "contact@exograd.com",
    ):
        assert said in text, said


def test_both_languages_say_the_same(exograd_copies: dict[tuple[str, str], Opened]) -> None:
    french, english = (exograd_copies["access", language] for language in ("fr", "en"))
    assert french.json("data/app.accounts.json") == english.json("data/app.accounts.json")
    shapes = [[tag for tag, _ in Reader(copy.page).tags] for copy in (french, english)]
    assert shapes[0] == shapes[1]
    assert "At least 10 years after the end of the fiscal year" in Reader(english.page).text


def test_only_what_was_provided_is_taken_along(exograd_copies: dict[tuple[str, str], Opened]) -> None:
    copy = exograd_copies["portability", "en"]
    data = [name for name in copy.zip.namelist() if name.startswith("data/")]
    assert data == ["data/app.accounts.json", "data/app.accounts.csv"]
    text = Reader(copy.page).text
    assert "Your data to take along from Exograd" in text
    assert "What is not in this copy" in text
    assert "Log-ins to the accounts" in text


def test_the_page_needs_nothing_else(exograd_copies: dict[tuple[str, str], Opened]) -> None:
    for copy in exograd_copies.values():
        page = Reader(copy.page)
        assert not {"script", "img", "link", "iframe", "form"} & {tag for tag, _ in page.tags}
        names = copy.zip.namelist()
        for link in page.all("a"):
            to = str(link["href"])
            if to.startswith("#"):
                assert to[1:] in {attrs.get("id") for _, attrs in page.tags}
            else:
                assert to in names or to.startswith("https://www.cnil.fr")


@pytest.mark.parametrize("domain", ["package", "columns", "countries"])
def test_both_catalogues_have_the_same_sentences(domain: str) -> None:
    folder = files("servanda.locale")
    texts = (folder.joinpath(language, f"{domain}.po").read_text("utf-8") for language in LANGUAGES)
    english, french = (read_po(text) for text in texts)
    assert english.keys() == french.keys()
    for key, sentence in english.items():
        facts = [sorted(re.findall(r"{\w+}", said)) for said in (sentence, french[key])]
        assert facts[0] == facts[1], key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("example", ["exograd", "ksaar", "sociatex", "xmserver", "xsior"])
def test_every_example_can_be_told(example: str, language: str) -> None:
    by = load_policy(ROOT / "examples" / example / "policy.yaml")
    places = [held(f"app.t{i}", data={name: ("body",)}) for i, name in enumerate(by.categories)]
    copy = pack(places, by, language=language)
    text = Reader(copy.page).text
    for category in by.categories.values():
        assert " ".join(category.says.say(language).replace("\u00a0", " ").split()) in text
    assert len(copy.json("about.json")["categories"]) == len(by.categories)
