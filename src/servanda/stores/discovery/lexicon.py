"""What the name of a column, or of a field, says that it holds: French and English words.

    phoneNumber, tel_portable, phonenumber   → phone, sure
    name, nom, city                          → name, postal-address: only where the row is about a person
    email_verified_at                        → nothing: a word beside it says that it is about the address

A name says nothing by itself about keys and flags: whoever asks knows the type of the column.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

SHOWN = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "name": "names of persons",
    "postal-address": "postal addresses",
    "ip": "IP addresses",
    "birth": "dates of birth",
    "bank-account": "bank accounts",
    "card": "numbers of payment cards",
    "card-code": "verification codes of payment cards",
    "national-id": "national identity numbers",
    "identity-document": "identity documents",
    "gender": "genders",
    "password": "passwords",
    "login": "login names",
    "location": "whereabouts",
    "device": "marks of a device or browser",
    "special": "data of a special category",
    "status": "facts of private or working life",
    "image": "images or signatures",
    "organisation": "names of companies",
    "company-number": "numbers of companies",
    "free-text": "free text",
}
"""What each nature is, for sentences: “holds …”."""

_SURE = {
    "email": "email e_mail mail email_address address_email adresse_email adresse_mail adresse_electronique"
    " courriel mel",
    "phone": "phone telephone tel mobile cellphone cell_phone landline msisdn gsm fax telephone_portable"
    " phone_number numero_telephone numero_portable numero_mobile contact_number",
    "name": "first_name last_name surname family_name given_name full_name display_name maiden_name middle_name"
    " forename patronymic prenom prenoms nom_famille nom_de_famille nom_naissance nom_usage nom_complet nom_prenom"
    " cardholder account_holder titulaire firstname lastname fullname",
    "postal-address": "address adresse postal_address street street_address rue postcode post_code zip zip_code"
    " zipcode postal_code code_postal address_line",
    "ip": "ip ip_address address_ip adresse_ip ip_adresse ipaddress ipaddr ip_addr ip_source source_ip"
    " remote_addr ipv4 ipv6",
    "birth": "birth birthday birthdate birth_date date_of_birth birth_year dob naissance date_naissance"
    " date_de_naissance annee_naissance anniversaire",
    "bank-account": "iban rib bank_account bank_account_number compte_bancaire numero_compte",
    "card": "card_number cardnumber credit_card credit_card_number pan numero_carte carte_bancaire carte_bleue",
    "card-code": "cvv cvc cvv2 cvc2 csc cryptogramme card_code card_verification_code verification_code_card"
    " card_security_code",
    "national-id": "nir ssn social_security social_security_number securite_sociale numero_securite_sociale"
    " national_id national_number personal_code nino numero_fiscal",
    "identity-document": "passport passeport passport_number id_card identity_document carte_identite piece_identite"
    " driving_licence driver_license permis_conduire numero_passeport",
    "gender": "gender sex sexe civilite",
    "password": "password passwd pwd password_hash hashed_password encrypted_password"
    " mot_de_passe motdepasse passphrase",
    "login": "username user_name login login_name screen_name nickname pseudonyme nom_utilisateur",
    "device": "user_agent useragent navigateur device_id device_token push_token mac_address adresse_mac imei idfa"
    " gaid advertising_id cookie_id browser_fingerprint",
    "special": "health diagnosis religion ethnicity sexual_orientation blood_type disability sante handicap"
    " groupe_sanguin medical allergy allergie",
    "status": "marital_status nationality nationalite situation_familiale etat_civil salary salaire job_title"
    " profession",
    "image": "photo avatar portrait selfie signature profile_picture picture_url",
}
_MAYBE = {
    "name": "name nom buyer acheteur holder registrant reporter author auteur identity party parties contact_details",
    "email": "contact_details",
    "phone": "portable contact_details",
    "postal-address": "city town ville commune contact_details",
    "bank-account": "account_number payment_mean",
    "card": "last4 last_4 last_four quatre_derniers last_digits payment_mean",
    "ip": "log",
    "device": "identifier agent log browser os device session_id fingerprint",
    "birth": "age",
    "login": "pseudo handle identifier identifiant",
    "gender": "identity salutation",
    "location": "latitude longitude lat lng gps geolocation geolocalisation location coordinates coordonnees",
    "organisation": "company company_name companyname business_name societe nom_societe nom_entreprise raison_sociale"
    " legal_name employer employeur",
    "company-number": "siren siret vat_number vat_id numero_tva tva_intra tva_intracommunautaire",
    "free-text": "body message comment commentaire note remark remarque text texte content contenu description desc"
    " notice bio about subject objet exchange letter chat review feedback besoin",
}


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ROLES = _set(
    "buyer customer client user member contact parent guardian patient employee owner holder reporter author"
    " recipient sender guest student child driver subscriber person applicant candidate registrant billing shipping"
    " delivery acheteur utilisateur membre titulaire proprietaire auteur destinataire salarie eleve enfant"
    " responsable abonne"
)
"""Beside “name”, they say that a person is named."""
_BESIDE = _set(
    "verified confirmed validated optin opt consent status state type kind count enabled template sent id at on"
    " preference allowed required valid bounced format version length date expiry"
)
"""Beside a word, they say that the column is about the value and does not hold it."""
_PARTLY = _set("masked masque hash hashed hache truncated partial")
_NUMBERED = _set("cvv2 cvc2 last4 ipv4 ipv6")
_GLUED_WORDS = (
    "ipaddress ipaddr email courriel telephone phone firstname lastname fullname prenom birthdate birthday"
    " birth naissance adresse address password username useragent postcode zipcode"
)
_GLUED = tuple(_GLUED_WORDS.split())
"""Words that stand in others without a mark between them, as in clientemail; the first that is found counts."""
_OTHERS = _set("iphone smartphone microphone headphone headphones rebirth")

_ORDER = tuple(SHOWN)
"""Of two words in one name, what comes first here says more: login_ip is an IP address."""


class Reading(NamedTuple):
    """What a name says: natures, from the likeliest, and whether it says so by itself (else in its context)."""

    natures: tuple[str, ...]
    sure: bool


_SILENT = Reading((), sure=False)


def _phrases(table: dict[str, str]) -> dict[tuple[str, ...], tuple[str, ...]]:
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for nature, phrases in table.items():
        for phrase in phrases.split():
            tokens = tuple(phrase.split("_"))
            found[tokens] = (*found.get(tokens, ()), nature)
    return found


_SURE_PHRASES = _phrases(_SURE)
_MAYBE_PHRASES = _phrases(_MAYBE)


def words(name: str) -> tuple[str, ...]:
    """The words of a name: small letters without accents; humps, marks and digits part them."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    humps = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain).lower()
    return tuple(part for part in re.split(r"[^a-z0-9]+", humps) if part)


@lru_cache(maxsize=4096)
def read(name: str) -> Reading:
    """What a name says."""
    bare = tuple(part for word in words(name) for part in _plain(word))
    for table, sure in ((_SURE_PHRASES, True), (_MAYBE_PHRASES, False)):
        found = _longest(bare, table) or _longest(tuple(map(_singular, bare)), table)
        if found is None:
            continue
        natures, others = found
        if not sure and natures == ("name",) and {"name", "nom"} & set(bare):
            if not others:
                return Reading(natures, sure=False)
            return _with(natures, others, sure=True) if _ROLES & set(bare) else _SILENT
        return _with(natures, others, sure=sure)
    for token in (t for t in bare if t not in _OTHERS):
        glued = next((word for word in _GLUED if word in token), None)
        if glued is not None:
            natures = _SURE_PHRASES[glued,]
            rest = [*(t for t in bare if t != token), *_parts(token, glued)]
            return _with(natures, tuple(rest), sure=True)
    return _SILENT


def _plain(word: str) -> tuple[str, ...]:
    """A word without a number at its end; a role and “name” that are written as one are two."""
    role = word.removesuffix("name")
    if role != word and role in _ROLES:
        return role, "name"
    return (word if word in _NUMBERED else re.sub(r"(?<=[a-z]{3})\d+$", "", word),)


def _with(natures: tuple[str, ...], others: Iterable[str], *, sure: bool) -> Reading:
    rest = set(others)
    if rest & _BESIDE:
        return _SILENT
    return Reading(natures, sure=sure and not rest & _PARTLY)


def _parts(token: str, word: str) -> list[str]:
    return [part for part in token.split(word) if part]


def _longest(
    tokens: tuple[str, ...], table: dict[tuple[str, ...], tuple[str, ...]]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The natures of the longest phrase of a table among the words, and the words that are left."""
    for size in range(min(4, len(tokens)), 0, -1):
        found = []
        for start in range(len(tokens) - size + 1):
            natures = table.get(tokens[start : start + size])
            if natures is not None:
                found.append((natures, tokens[:start] + tokens[start + size :]))
        if found:
            return min(found, key=lambda each: _ORDER.index(each[0][0]))
    return None


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def alike(name: str, other: str) -> bool:
    """Whether two names are the same but for marks, case, accents and plural."""
    return tuple(map(_singular, words(name))) == tuple(map(_singular, words(other)))
