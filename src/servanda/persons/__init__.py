"""Persons: how a row reaches one, and the holds that stop the end of their data."""
