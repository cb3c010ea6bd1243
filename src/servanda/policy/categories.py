"""Categories of data: their fields, sensitivity, and legal tags.

A field is recognised by its name: `source_ip` is an IP address, “numéro_carte” a card number. Two
categories with the same recognised field hold the same fact about a person; a field recognised as
sensitive is sensitive even if its category does not say so. Only whole names match, in English and
French.

Law: GDPR 4(1) and 13(1) personal data; 9 special categories, 10 offences, 87 national numbers; 28 data
processed on behalf of another controller.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import Line, Names, Words

Tag = Literal[
    "account",
    "accounting",
    "audience",
    "candidate",
    "card",
    "card-code",
    "card-deferred",
    "civil-identity",
    "connection",
    "consumer-contract",
    "prospect",
    "subscription",
    "tax",
    "tracker",
]
"""The law or recommendation that applies to a category, as named in the tables of law."""

Sensitivity = Literal[
    "bank-account",
    "card",
    "card-code",
    "communications",
    "identity-document",
    "location",
    "national-id",
    "offence",
    "payment",
    "special",
]
"""Why data need more than the usual care; `special` is any of GDPR 9(1), `payment` means that
the text does not say which means of payment."""

GRAVE: frozenset[Sensitivity] = frozenset({"identity-document", "national-id", "offence", "special"})
"""The most harmful kinds: GDPR 9, 10 and 87, and identity documents."""


class Category(Strict):
    """A category of personal data of one or more audiences, with its fields.

    `role: processor` marks data that another controller decides about (GDPR 28): Servanda shows
    them and never sweeps them. `listed` is false where the company has the data and the text does not
    name them; `open` is the word or sign that leaves their list in the text open, such as “etc.”.
    `tags` say which law speaks of them, `sensitivity` why they need care, `held_by` which recipient
    keeps them instead of the company.
    """

    says: Words
    audience: Names
    fields: list[str] = Field(default_factory=list)
    role: Literal["controller", "processor"] = "controller"
    listed: bool = True
    open: str | None = None
    tags: list[Tag] = Field(default_factory=list)
    sensitivity: list[Sensitivity] = Field(default_factory=list)
    held_by: Annotated[str | None, PointsAt("recipients")] = None
    line: Line | None = None


class Mention(Strict):
    """Persons or data that the text mentions in passing."""

    says: Words
    what: Literal["persons", "data"]
    purposes: Annotated[list[str], PointsAt("purposes")] = Field(default_factory=list)
    sensitivity: list[Sensitivity] = Field(default_factory=list)
    line: Line | None = None


_IDENTIFIES = {
    "email": "email e_mail mail email_address professional_email adresse_email courriel adresse_electronique",
    "ip": "ip ip_address source_ip adresse_ip ip_addresses",
    "phone": "phone phone_number telephone mobile landline numero_telephone",
    "postal-address": "address postal_address home_address adresse adresse_postale",
    "name": "name full_name first_name last_name surname nom prenom first_last_name",
}
_SENSITIVE: dict[Sensitivity, str] = {
    "card-code": "cvv cvc cvv2 cryptogramme verification_code card_code",
    "card": "card card_number pan carte numero_carte credit_card",
    "bank-account": "iban rib bank_account bank_account_number account_number bank_details compte_bancaire",
    "national-id": "nir ssn national_id social_security_number numero_securite_sociale personal_code",
    "identity-document": "id_card passport identity_document id_copy piece_identite carte_identite passeport",
    "location": "location latitude longitude gps geolocation geolocalisation",
    "offence": "offence conviction criminal_record infraction condamnation casier_judiciaire",
    "special": "health diagnosis religion ethnicity sexual_orientation biometric genetic sante handicap",
    "communications": "recording call_recording enregistrement",
}


def identifiers(fields: Iterable[str]) -> dict[str, str]:
    """The identifiers among the fields: name by kind."""
    return {
        kind: name for name in fields for kind, words in _IDENTIFIES.items() if _plain(name) in words.split()
    }


def sensitive(fields: Iterable[str]) -> dict[Sensitivity, str]:
    """The sensitive fields: name by kind."""
    return {
        kind: name for name in fields for kind, words in _SENSITIVE.items() if _plain(name) in words.split()
    }


def _plain(name: str) -> str:
    ascii_ = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", ascii_).strip("_")
