"""Persons: which rows belong to whom, and the holds that keep their data from ending."""
