"""Checks of promises with `keep: check`: one file per kind of check. Each returns a state.

checked   the stores, or the rest of the document, agree
broken    they do not
at_risk   undecided now: a store is down, or a rule has a weak finding
not_yet   not decidable from here: it needs the live site, a document or another tool
"""
