"""Carries out plans in pages, each recorded in the ledger; the only code that writes to stores."""

from servanda.apply.options import Listener, Options, Outcome
from servanda.apply.preflight import OverLimit
from servanda.apply.run import apply, record
from servanda.apply.warnings import notify_officer

__all__ = ["Listener", "Options", "Outcome", "OverLimit", "apply", "notify_officer", "record"]
