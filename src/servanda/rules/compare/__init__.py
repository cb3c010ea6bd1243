"""Keepers of promises with `keep: check`: one file per kind of check, each saying how a promise stands.

checked   reality, or the rest of the document, agrees; with what was compared
broken    it does not
at_risk   it cannot be said now: a store is down, or a rule finds it weak
not_yet   nothing here can say it: the live site, a document, a tool would
"""
