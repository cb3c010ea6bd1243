"""A folder of log files as a store."""

SCHEMES = ("files",)
"""The URL schemes of this kind; its module `store` is loaded where one is used."""
