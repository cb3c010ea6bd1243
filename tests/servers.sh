#!/usr/bin/env bash
# Sees to the servers and the browser that the tests use. PostgreSQL comes as a Python package; MariaDB and
# Chromium are installed where this may be done. With an argument, what is missing is a failure.
set -u
strict="${1:-}"

has_mariadb() { command -v mariadbd >/dev/null 2>&1 || [ -x /usr/sbin/mariadbd ]; }
has_node() { command -v node >/dev/null 2>&1; }
has_chromium() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1; }

see_to() {  # the name, how to see whether it is there, the package
  "$2" && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing $1 for the tests …"
    (apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$3") >"/tmp/servanda-$3.log" 2>&1 || true
  fi
  "$2" && return 0
  if [ -n "$strict" ]; then echo "$1 is missing, and STRICT=1 forbids to skip its tests."; return 1; fi
  echo "$1 is missing and cannot be installed here: its tests will be skipped, and say so."
}

see_to MariaDB has_mariadb mariadb-server && see_to Chromium has_chromium chromium && see_to Node.js has_node nodejs
