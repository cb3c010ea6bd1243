#!/usr/bin/env bash
# Sees to the servers that the tests use. PostgreSQL comes as a Python package; MariaDB is
# installed where this may be done. With an argument, a server that is missing is a failure.
set -u
strict="${1:-}"
if command -v mariadbd >/dev/null 2>&1 || [ -x /usr/sbin/mariadbd ]; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing MariaDB for the tests …"
  (apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q mariadb-server) >/tmp/servanda-mariadb.log 2>&1 || true
fi
if command -v mariadbd >/dev/null 2>&1 || [ -x /usr/sbin/mariadbd ]; then exit 0; fi
if [ -n "$strict" ]; then echo "MariaDB is missing, and STRICT=1 forbids to skip its tests."; exit 1; fi
echo "MariaDB is missing and cannot be installed here: its tests will be skipped, and say so."
