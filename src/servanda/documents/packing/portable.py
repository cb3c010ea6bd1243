"""What a person may take along (GDPR 20), and the statement of it in the words of the W3C's DPV.

    what they gave      a form of the policy asks for it (`collection.forms`)
    under which basis   a purpose uses it by consent or for a contract (`purposes.*.basis`)

Both must be said by the policy. What was derived of it, and rows of others that only name the person, stay out.
The context stands in the document, so that reading it fetches nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from servanda.documents.packing.statement import PORTABLE, Statement, Told
from servanda.documents.packing.tables import Chosen, Laid
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


def provided(held: Held, statement: Statement) -> Chosen | None:
    """The columns of a place that can be taken along, with those that join its rows; None where there are none."""
    if held.named:
        return None
    data = {
        name: own
        for name, columns in held.data.items()
        if statement.of(name).portable and (own := _asked_for(name, columns, held, statement.policy))
    }
    if not data:
        return None
    others = {c for columns in held.data.values() for c in columns}
    given = {c for own in data.values() for c in own}
    kept = tuple(c for c in held.columns if c in given or c not in others)
    return Chosen(kept, data)


def _asked_for(category: str, columns: Sequence[str], held: Held, policy: Policy) -> tuple[str, ...]:
    """The columns of a category that forms ask for: all, unless every form names fields."""
    forms = policy.collection.forms.values() if policy.collection else ()
    asking = [form for form in forms if category in form.data]
    if any(not form.fields for form in asking):
        return tuple(columns)
    fields = [field for form in asking for field in form.fields]
    return tuple(c for c in columns if any(alike(field, held.fields.get(c, c)) for field in fields))


def manifest(
    statement: Statement, laid: Sequence[Laid], entries: Sequence[Entry], at: datetime, reference: str
) -> dict[str, Any]:
    """The copy in terms of the Data Privacy Vocabulary, as JSON-LD."""
    names = dict.fromkeys(name for place in laid for name in place.data)
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


def _category(told: Told) -> dict[str, Any]:
    uses = [use for use in told.uses if PORTABLE & set(use.bases)]
    return {
        "@id": f"#data-{quote(told.name)}",
        "@type": "dpv:ProvidedPersonalData",
        "dct:title": told.says,
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
            {"@type": "dpv:StorageDuration", "dct:description": stay.in_words} for stay in told.stays
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
