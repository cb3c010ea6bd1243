"""MariaDB as a store."""

SCHEMES = ("mariadb", "mysql")
"""The URL schemes of this kind; its module `store` is loaded where one is used."""
