"""Directives on data after death: recorded, changed, and carried out (LIL 85, France).

A person gives directives. Their executor, or an heir if there is none, asks for them to be carried out and proves
the death. Without directives, heirs may have the data erased, or receive what the estate requires (LIL 85 III).
"""

from __future__ import annotations

from typing import cast, get_args

from servanda.law.rights import RIGHTS
from servanda.rights.answer.outcome import Outcome
from servanda.rights.answer.pack import counted, packed
from servanda.rights.case import Case
from servanda.rights.each import erasure
from servanda.rights.record.directives import Directive, Directives, Fate, Wish
from servanda.rights.right import Right, register

_AFTER_DEATH = frozenset({"heir", "executor"})


def plan(case: Case) -> Outcome:
    """What would be recorded; or, after a death, what the directives in force ask for."""
    if case.request.asker not in _AFTER_DEATH:
        fate = case.secret.fields.get("wish", "")
        if fate not in get_args(Fate):
            why = f"a wish is one of {', '.join(get_args(Fate))}"
            return Outcome("refused", refused=(why,))
        return Outcome(more={"fate": fate})
    fate = _fate(case)
    if fate == "erase":
        return erasure.plan(case) if case.human else Outcome("nobody")
    return counted(case) if fate == "hand_over" and case.human else Outcome(more={"fate": fate})


def act(case: Case) -> Outcome:
    """Record directives; or, after a death, carry out those in force."""
    if case.request.asker not in _AFTER_DEATH:
        fields = case.secret.fields
        wish = Wish(cast("Fate", fields["wish"]), fields.get("executor", ""), case.secret.says)
        given = _directives(case).give(case.secret.about, wish)
        return Outcome(more={"directive": given.id, "fate": wish.fate})
    directive, fate = _directive_in_force(case), _fate(case)
    done = Outcome(more={"fate": fate})
    if case.human and fate == "erase":
        done = erasure.act(case)
    elif case.human and fate == "hand_over":
        done = packed(case, "access")
    if directive is not None:
        _directives(case).carry_out(directive.id, f"request {case.request.number}")
    return done


def _fate(case: Case) -> str:
    """What the directives ask for; without any, what the heir asks for, erasure by default."""
    directive = _directive_in_force(case)
    return directive.wish.fate if directive is not None else str(case.secret.fields.get("wish") or "erase")


def _directive_in_force(case: Case) -> Directive | None:
    return _directives(case).of(case.secret.about)


def _directives(case: Case) -> Directives:
    return Directives(case.project)


RIGHT = register(
    Right(RIGHTS["directives"], plan, act, rows=False, may_ask=("wish", "executor"), form="wish")
)
