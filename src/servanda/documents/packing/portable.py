"""The portable data of a person (GDPR 20), and their manifest in the W3C's Data Privacy Vocabulary.

    provided by the person   a form of the policy asks for it (`collection.forms`)
    under a portable basis   a purpose uses it by consent or for a contract (`purposes.*.basis`)

The policy must state both. Derived data, and other persons' rows that only mention the person, are excluded.
The JSON-LD context is inline, so no URL is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from servanda.documents.packing.statement import PORTABLE, CategoryStatement, Statement
from servanda.documents.packing.tables import PackedTable, Selection
from servanda.documents.packing.zipped import Entry
from servanda.persons.copy import Held
from servanda.policy.policy import Policy
from servanda.stores.discovery.lexicon import alike

_CONTEXT: dict[str, Any] = {
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dct:issued": {"@type": "xsd:dateTime"},
    "dcat:byteSize": {"@type": "xsd:nonNegativeInteger"},
    "spdx:checksumValue": {"@type": "xsd:hexBinary"},
}
_BASES = {"consent": "eu-gdpr:A6-1-a", "contract": "eu-gdpr:A6-1-b"}
_MEDIA = {"csv": "text/csv", "json": "application/json"}
_TYPES = "https://www.iana.org/assignments/media-types/"


def portable_selection(held: Held, statement: Statement) -> Selection | None:
    """The portable columns of a place, with its technical columns; None if nothing is portable."""
    if held.named:
        return None
    data = {
        name: asked_columns
        for name, columns in held.data.items()
        if statement.of(name).portable
        and (asked_columns := _form_columns(name, columns, held, statement.policy))
    }
    if not data:
        return None
    categorised = {c for columns in held.data.values() for c in columns}
    portable_columns = {c for asked_columns in data.values() for c in asked_columns}
    chosen = tuple(c for c in held.columns if c in portable_columns or c not in categorised)
    return Selection(chosen, data)


def _form_columns(category: str, columns: Sequence[str], held: Held, policy: Policy) -> tuple[str, ...]:
    """The columns of a category that forms ask for; all of them if some form lists no fields."""
    forms = policy.collection.forms.values() if policy.collection else ()
    asking = [form for form in forms if category in form.data]
    if any(not form.fields for form in asking):
        return tuple(columns)
    fields = [field for form in asking for field in form.fields]
    return tuple(c for c in columns if any(alike(field, held.fields.get(c, c)) for field in fields))


def manifest(
    statement: Statement,
    packed: Sequence[PackedTable],
    entries: Sequence[Entry],
    at: datetime,
    reference: str,
) -> dict[str, Any]:
    """The content of manifest.jsonld, in terms of the Data Privacy Vocabulary."""
    names = dict.fromkeys(name for place in packed for name in place.data)
    controller = statement.policy.controller
    contact = {"dpv:hasContact": statement.contact} if statement.contact else {}
    return {
        "@context": _CONTEXT,
        "@id": "#copy",
        "@type": ["dpv:Process", "dcat:Dataset"],
        "dct:identifier": reference,
        "dct:issued": at.isoformat(),
        "dct:language": statement.language,
        "dpv:hasRight": {"@id": "eu-gdpr:A20"},
        "dpv:hasDataController": {
            "@id": "#controller",
            "@type": "dpv:DataController",
            "dpv:hasName": controller.name,
            **contact,
        },
        "dpv:hasDataSubject": {"@id": "#person", "@type": "dpv:DataSubject"},
        "dpv:hasPersonalData": [_category(statement.of(name)) for name in names],
        "dcat:distribution": [_file(entry) for entry in entries if entry.name.startswith("data/")],
    }


def _category(category: CategoryStatement) -> dict[str, Any]:
    uses = [use for use in category.uses if PORTABLE & set(use.bases)]
    return {
        "@id": f"#data-{quote(category.name)}",
        "@type": "dpv:ProvidedPersonalData",
        "dct:title": category.says,
        "dpv:hasDataSource": {"@id": "dpv:DataSubjectDataSource"},
        "dpv:hasPurpose": [
            {
                "@id": f"#purpose-{quote(use.purpose)}",
                "@type": "dpv:Purpose",
                "dct:title": use.says,
                "dpv:hasLegalBasis": [{"@id": _BASES[basis]} for basis in use.bases if basis in _BASES],
            }
            for use in uses
        ],
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageDuration", "dct:description": stay.in_words} for stay in category.stays
        ],
    }


def _file(entry: Entry) -> dict[str, Any]:
    return {
        "@id": quote(entry.name),
        "@type": "dcat:Distribution",
        "dcat:mediaType": {"@id": _TYPES + _MEDIA[entry.name.rsplit(".", 1)[1]]},
        "dcat:byteSize": str(entry.size),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": entry.digest,
        },
    }
