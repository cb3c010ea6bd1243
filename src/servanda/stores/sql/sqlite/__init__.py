"""SQLite as a store."""

SCHEMES = ("sqlite",)
"""The URL schemes of this kind; its module `store` is loaded where one is used."""
