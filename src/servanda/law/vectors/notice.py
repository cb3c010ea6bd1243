"""Vectors of data from others, and of complaints to the authority."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from servanda.law.authority import authority_answers_by, child_erasure
from servanda.law.notice import inform_by
from servanda.law.vectors import Input, day_if_any, day_of, kind, place_of


@kind("art14.notice")
def notice(given: Input) -> Mapping[str, object]:
    """Compute until when a person is told of data from somebody else."""
    result = inform_by(
        day_of(given, "obtained"),
        place_of(given),
        first_contact=day_if_any(given, "first_contact"),
        disclosed=day_if_any(given, "disclosed"),
    )
    return {"nominal": result.nominal, "due": result.due}


@kind("authority.three_months")
def complaint(given: Input) -> Mapping[str, object]:
    """Compute the three months of an authority."""
    result = authority_answers_by(day_of(given, "complaint"), place_of(given))
    return {"nominal": result.nominal, "rolled": result.due, "due": result.due}


@kind("minor.erasure")
def child(given: Input) -> Mapping[str, object]:
    """Compute the month of the company and the three weeks of the CNIL.

    A vector may leave the day of the complaint open: then it is lodged a week after the
    month is over.
    """
    requested_on, place = day_of(given, "request"), place_of(given)
    lodged = day_if_any(given, "complaint")
    if lodged is None:
        lodged = child_erasure(requested_on, place).no_answer_after + timedelta(days=7)
    result = child_erasure(requested_on, place, lodged)
    return {
        "no_answer_after": result.no_answer_after,
        "complaint": lodged,
        "cnil_decides_by": result.decides_by,
    }
