"""The official languages of a country.

Source: Publications Office of the European Union, Interinstitutional style guide, annexes A5 and A6.
"""

from __future__ import annotations

_OFFICIAL = """
AT de; BE nl fr de; BG bg; CH de fr it rm; CY el tr; CZ cs; DE de; DK da; EE et; ES es; FI fi sv; FR fr; GB en;
GR el; HR hr; HU hu; IE en ga; IS is; IT it; LI de; LT lt; LU fr de lb; LV lv; MT mt en; NL nl; NO nb nn no; PL pl;
PT pt; RO ro; SE sv; SI sl; SK sk
"""
OFFICIAL: dict[str, frozenset[str]] = {
    country: frozenset(languages)
    for country, *languages in (row.split() for row in _OFFICIAL.replace("\n", " ").split(";"))
}


def official(country: str) -> frozenset[str]:
    """The official languages of a country (ISO 3166), empty if it is not in the table."""
    return OFFICIAL.get(country, frozenset())
