# Two commands do everything on a fresh machine with Python 3.11+, make and git:
#   make demo   the main job on an embedded SQLite database, in under two minutes
#   make centre the privacy centre of the demo, at http://127.0.0.1:8420/
#   make test   all tests, on real SQLite, PostgreSQL and MariaDB
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
STRICT ?=

.PHONY: setup demo centre test check coverage soak mutants bench lock docs release clean

setup: $(READY)

$(READY): requirements.lock requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Servanda needs Python 3.11 or later; try make PYTHON=python3.12 setup"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned packages into $(VENV) …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q src $(VENV)/lib || true
	@touch $@

demo: $(READY)
	@$(BIN)/python examples/demo.py

centre: $(READY)
	@test -d .demo/exograd || { echo "Make the demo first: make demo"; exit 2; }
	@SERVANDA_VAULT=$(CURDIR)/.demo/keys $(BIN)/servanda -C .demo/exograd serve

check: $(READY)
	$(BIN)/ruff check src tests examples bench tools
	$(BIN)/ruff format --check src tests examples bench tools
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/imports.py
	$(BIN)/python -m pytest -q -m unit -n 2

# Which lines the quick tests reach; a figure, no gate.
coverage: $(READY)
	$(BIN)/python -m pytest -q -m unit -n 2 --cov --cov-report=term:skip-covered

test: $(READY)
	@tests/servers.sh "$(STRICT)"
	STRICT=$(STRICT) $(BIN)/python -m pytest -n 2 --dist loadgroup --max-worker-restart=0 -m "not soak"

# As long and as hard as in production: on disk, and nothing is spared the servers. ONLY=histories runs a part,
# SOAK_MINUTES=30 says how long.
soak: $(READY)
	@tests/servers.sh "$(STRICT)"
	STRICT=$(STRICT) DURABLE=1 $(BIN)/python -m pytest -n 2 --dist loadgroup --max-worker-restart=0 -m soak $(if $(ONLY),-k "$(ONLY)")

# Which changes of the code the tests notice. MUTANTS=50 tries so many, SEED=2 draws others.
mutants:
	@test -x .mutants/env/bin/python || $(PYTHON) -m venv .mutants/env
	@.mutants/env/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-mutants.lock
	@MUTANTS="$(MUTANTS)" SEED="$(SEED)" .mutants/env/bin/python tools/mutants.py

# Measures against hand-written SQL in the same run; ONLY=sweep, or ONLY=sweep.pg, runs a part.
bench: $(READY)
	@tests/servers.sh "$(STRICT)"
	@ONLY="$(ONLY)" $(BIN)/python bench

# The site of the documentation, into site/. Fails where a link leads nowhere.
docs: $(READY)
	$(BIN)/python tools/make_site.py site

# The packages of a release, into dist/: built, checked, and tried out in an environment of their own.
release: $(READY)
	$(BIN)/python tools/release.py dist

lock:
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --universal pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --universal --extra dev pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --universal --extra dev --extra mutants -c requirements-dev.lock pyproject.toml -o requirements-mutants.lock

clean:
	rm -rf $(VENV) .mutants .demo site dist .pytest_cache .mypy_cache .ruff_cache
