"""What a field is by its name: `source_ip` is an IP address, “numéro_carte” a card’s number.

Two categories that share such a field hold the same fact about a person, whatever their
headings; a field that betrays itself as sensitive is so whether its category says so or not.
Only whole names are known, in English and French, so that a guess is never a near miss.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from servanda.policy.security import Sensitivity

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
    """What the fields tell who somebody is by: the kind of each, and its name."""
    return {
        kind: name for name in fields for kind, words in _IDENTIFIES.items() if _plain(name) in words.split()
    }


def sensitive(fields: Iterable[str]) -> dict[Sensitivity, str]:
    """What the fields betray that needs care: the kind of each, and its name."""
    return {
        kind: name for name in fields for kind, words in _SENSITIVE.items() if _plain(name) in words.split()
    }


def _plain(name: str) -> str:
    ascii_ = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", ascii_).strip("_")
