"""Carries out a plan, page by page, each page proved; the only writer to stores."""

from servanda.apply.run import Listener, Options, Outcome, apply, record

__all__ = ["Listener", "Options", "Outcome", "apply", "record"]
