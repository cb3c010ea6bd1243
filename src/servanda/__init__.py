"""Servanda keeps the promises of a privacy policy, and proves it."""

__version__ = "0.1.0"
