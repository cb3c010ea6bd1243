"""A column as a form field: its input type and its `autocomplete` purpose (WCAG 2.2, 1.3.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from servanda.stores.discovery import lexicon
from servanda.stores.shape import Column

_PURPOSES = {
    "given-name": {"first_name", "firstname", "prenom", "given_name"},
    "family-name": {"last_name", "lastname", "nom", "family_name", "surname"},
    "name": {"name", "full_name", "display_name", "nom_complet"},
    "tel": {"phone", "phonenumber", "phone_number", "mobile", "telephone", "telephone_fixe", "telephone_portable"},
    "organization": {"company", "companyname", "company_name", "societe", "organisation"},
    "organization-title": {"profession", "job_title", "fonction"},
    "street-address": {"address", "address1", "adresse", "street", "adresse_facturation", "adresse_livraison"},
    "postal-code": {"postcode", "zip", "postal_code", "code_postal"},
    "address-level2": {"city", "town", "ville"},
    "country-name": {"country", "pays"},
    "bday": {"birthdate", "birth_date", "date_naissance"},
    "honorific-prefix": {"civilite", "title"},
}  # fmt: skip
"""Values of `autocomplete` in the HTML standard, with the column names that map to them."""


@dataclass(frozen=True, slots=True)
class Field:
    """A form field: its name, label, current value and stored value; `longest` is in characters."""

    name: str
    label: str
    type: str
    value: str = field(repr=False)
    was: str = field(repr=False)
    longest: int | None
    purpose: str
    wrong: bool

    @property
    def id(self) -> str:
        """The HTML id of the field."""
        return "f-" + self.name.replace(".", "-")


def field_of(name: str, label: str, column: Column, value: Any, text: str, was: str, wrong: bool) -> Field:
    """The field for a column: `value` is stored, `text` is displayed."""
    return Field(name, label, _type(column, value), text, was, column.length, _purpose(column.name), wrong)


def _type(column: Column, value: Any) -> str:
    if isinstance(value, bool) or column.type.upper().startswith("BOOL"):
        return "choice"
    if (isinstance(value, date) and not isinstance(value, datetime)) or column.time == "date":
        return "date"
    return "number" if column.number else "text"


def _purpose(column: str) -> str:
    name = "_".join(lexicon.words(column))
    return next((purpose for purpose, names in _PURPOSES.items() if name in names or column in names), "")
