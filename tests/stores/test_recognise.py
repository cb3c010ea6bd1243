"""What columns are taken for: by name, by type, and by their values; and what is never taken for a person."""

from __future__ import annotations

import ipaddress
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.fr import nir, siren, siret, tva
from stdnum.iso7064 import mod_97_10

from servanda.stores.discovery import specimens
from servanda.stores.discovery.lexicon import SHOWN, read, words
from servanda.stores.discovery.recognise import Recognised, recognise
from servanda.stores.shape import Column

pytestmark = pytest.mark.unit


def column(name: str, type_: str = "VARCHAR(200)", *, time: str = "", number: bool = False) -> Column:
    return Column(name, type_, nullable=True, time=time, number=number)


def digits(size: int, first: str = "0123456789") -> st.SearchStrategy[str]:
    rest = st.text("0123456789", min_size=size - 1, max_size=size - 1)
    return st.builds(str.__add__, st.sampled_from(first), rest)


def with_luhn(text: str) -> str:
    return text + luhn.calc_check_digit(text)


CARDS = digits(15, "456").map(with_luhn)
SIRENS = digits(8).map(with_luhn)
SIRETS = st.builds(lambda a, b: with_luhn(a + b), SIRENS, digits(4)).filter(siret.is_valid)
IBANS = digits(23).map(lambda bban: f"FR{_check('FR', bban)}{bban}")
NIRS = digits(12).map(lambda rest: _nir("1" + rest)).filter(nir.is_valid)
IPS = st.ip_addresses().map(str)
PHONES = st.one_of(
    digits(8).map(lambda d: "0" + "4" + d[:8]),
    digits(9, "123456789").map(lambda d: "+33 " + " ".join((d[0], d[1:3], d[3:5], d[5:7], d[7:]))),
    digits(7).map(lambda d: f"020 {d[:4]} {d[3:]}"),
)


def _check(country: str, bban: str) -> str:
    return mod_97_10.calc_check_digits(bban + country)


def _nir(thirteen: str) -> str:
    return thirteen + nir.calc_check_digits(thirteen)


# -- values ---------------------------------------------------------------------------------------


@given(IBANS, st.booleans())
def test_an_iban_is_one_with_and_without_spaces(iban: str, spaced: bool) -> None:
    shown = " ".join(iban[i : i + 4] for i in range(0, len(iban), 4)) if spaced else iban
    assert specimens.nature(shown) == "bank-account"


@given(CARDS)
def test_a_card_number_is_one(card: str) -> None:
    assert specimens.nature(card) in ("card", "national-id", "phone")
    assert specimens.nature(" ".join(card[i : i + 4] for i in range(0, 16, 4))) in ("card", "national-id")


@given(NIRS)
def test_a_social_security_number_is_one(number: str) -> None:
    assert specimens.nature(number) == "national-id"


@given(SIRENS)
def test_a_company_number_is_one(number: str) -> None:
    assert siren.is_valid(number)
    assert specimens.nature(number) == "company-number"
    vat = f"FR{(12 + 3 * (int(number) % 97)) % 97:02}{number}"
    assert specimens.nature(vat) == ("company-number" if tva.is_valid(vat) else "")


@given(SIRETS)
def test_an_establishment_number_is_one(number: str) -> None:
    assert specimens.nature(number) == "company-number"


@given(st.emails())
def test_an_address_is_one(address: str) -> None:
    assert specimens.nature(address) == "email"


@given(IPS)
def test_an_ip_address_is_one(address: str) -> None:
    assert ipaddress.ip_address(address)
    assert specimens.nature(address) == "ip"


@given(PHONES)
def test_a_phone_number_is_one(number: str) -> None:
    assert specimens.nature(number) == "phone"


@settings(max_examples=60)
@example(17, 15, 15)  # two of fifteen pass for social security numbers
@given(st.integers(0, 10_000), st.sampled_from([5, 9, 13, 14, 15, 16, 19]), st.integers(1, 200))
def test_random_digits_are_no_personal_column(seed: int, size: int, rows: int) -> None:
    chance = random.Random(seed)
    values = ["".join(chance.choices("0123456789", k=size)) for _ in range(rows)]
    found = recognise(column("ref"), values)
    assert found.state == "not personal" or rows < 10
    assert found.state != "personal" or rows < 4


@given(st.lists(NIRS, min_size=3, max_size=20))
def test_some_social_security_numbers_among_words_are_seen(numbers: list[str]) -> None:
    values = [*numbers, *["unknown"] * (9 * len(numbers))]
    assert recognise(column("ref"), values) == Recognised("candidate", "national-id", "values")


@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyz .", max_size=40), max_size=30))
def test_plain_words_are_nothing(values: list[str]) -> None:
    assert recognise(column("ref"), values).state == "not personal"


@given(st.dates().map(str), st.times().map(str), st.floats(allow_nan=False).map(str))
@example("2000-01-01", "00:00:00", "4953336918309.375")  # sixteen digits that pass the check of a card
def test_dates_times_and_amounts_are_nothing(day: str, time: str, amount: str) -> None:
    for value in (day, time, f"{day} {time}", amount):
        assert specimens.nature(value) in ("", "company-number")


@pytest.mark.parametrize(
    "value",
    ["1.2.3", "12:30:00", "v1.2.3.4", "2026-11-22", "00:00", "@", "a@b", "€ 12.50", "FR76", "x" * 500],
)
def test_what_only_looks_alike_is_nothing(value: str) -> None:
    assert specimens.nature(value) == ""


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "nature"),
    [
        ("phone_number", "phone"),
        ("phoneNumber", "phone"),
        ("téléphone_portable", "phone"),
        ("clientemail", "email"),
        ("courriel_titulaire", "email"),
        ("adresse_livraison", "postal-address"),
        ("address2", "postal-address"),
        ("adresse_ip", "ip"),
        ("last_login_ip", "ip"),
        ("buyer_name", "name"),
        ("clientname", "name"),
        ("nom_client", "name"),
        ("prénom", "name"),
        ("dateNaissance", "birth"),
        ("card_cvv", "card-code"),
        ("cryptogramme", "card-code"),
        ("numeroCarte", "card"),
        ("iban", "bank-account"),
        ("user_agent", "device"),
        ("nir", "national-id"),
        ("marital_status", "status"),
    ],
)
def test_a_name_says_what_a_column_holds(name: str, nature: str) -> None:
    assert read(name).natures[:1] == (nature,)
    assert read(name).sure
    assert recognise(column(name), []).state == "personal"


@pytest.mark.parametrize(
    "name",
    ["email_verified_at", "address_id", "mail_count", "domain_name", "table_name", "iphone_model", "vat", "plan",
     "emailoptin", "passport_type", "hotel", "liban"],
)  # fmt: skip
def test_a_name_that_is_only_near_says_nothing(name: str) -> None:
    assert read(name).natures == ()


def test_a_name_means_a_person_only_where_rows_are_persons() -> None:
    assert recognise(column("nom"), [], persons=True, linked=True).state == "personal"
    assert recognise(column("nom"), [], linked=True).state == "candidate"
    assert recognise(column("nom"), []).state == "not personal"


def test_free_text_about_persons_is_a_candidate() -> None:
    assert recognise(column("message"), [], linked=True).state == "candidate"
    assert recognise(column("message"), []).state == "not personal"


@given(st.text(max_size=60))
def test_any_name_can_be_read(name: str) -> None:
    reading = read(name)
    assert set(reading.natures) <= set(SHOWN)
    assert all(word.isascii() and word == word.lower() for word in words(name))


# -- types and contexts ---------------------------------------------------------------------------


def test_a_flag_or_a_moment_holds_no_address() -> None:
    assert recognise(column("commercial_email", "BOOLEAN"), []).state == "not personal"
    assert recognise(column("commercial_email", "TINYINT(1)", number=True), ["1"]).state == "not personal"
    assert recognise(column("email", "TIMESTAMP", time="naive"), []).state == "not personal"
    assert recognise(column("birth_date", "DATE", time="date"), []).state == "personal"


def test_a_column_of_addresses_is_known_by_its_type() -> None:
    found = recognise(column("peer", "INET"), [])
    assert (found.state, found.nature, found.by) == ("personal", "ip", "type")


def test_json_is_known_by_the_names_inside() -> None:
    found = recognise(column("payload", "JSONB"), ['{"a": {"phone_number": "x"}}'])
    assert (found.state, found.nature) == ("personal", "phone")
    assert recognise(column("payload", "JSONB"), ['{"a": 1}'], linked=True).state == "candidate"
    assert recognise(column("payload", "JSONB"), ['{"a": 1}']).state == "not personal"


def test_an_address_inside_a_text_makes_it_a_candidate() -> None:
    found = recognise(column("line"), ["ask jo@example.org for it", "nothing"])
    assert (found.state, found.nature) == ("candidate", "email")


def test_a_key_is_believed_by_its_values_only() -> None:
    assert recognise(column("email"), [], bare=True).state == "not personal"
    assert recognise(column("id"), ["jo@example.org"], bare=True).state == "personal"
    assert recognise(column("id", "INTEGER", number=True), ["1", "2"], bare=True).state == "not personal"


def test_two_values_that_pass_by_chance_prove_no_card() -> None:
    assert recognise(column("ref"), ["4111111111111111"] * 2).state == "candidate"
    assert (
        recognise(column("ref"), ["4111111111111111", "5500005555555559", "4012888888881881"]).state
        == "personal"
    )


def test_a_masked_number_is_a_candidate() -> None:
    assert recognise(column("iban_masked"), ["FR76 **** 123"], linked=True).state == "candidate"
