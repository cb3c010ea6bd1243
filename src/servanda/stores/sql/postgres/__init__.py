"""PostgreSQL as a store."""

SCHEMES = ("postgresql", "postgres")
"""The URL schemes of this kind; its module `store` is loaded where one is used."""
