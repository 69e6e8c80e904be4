# `make demo` and `make test` are the two commands of a newcomer; `make check` is what CI runs.
# Needs only Python 3.11 or newer, and make. Node, for the screens, comes as a Python package.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# The first interpreter that is new enough; name another with `make PYTHON=/path/to/python install`.
CANDIDATES := python3 python3.11 python3.12 python3.13 python3.14 python
PYTHON ?= $(shell for p in $(CANDIDATES); do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { command -v $$p; break; }; done)

VENV ?= .venv
PY := $(VENV)/bin/python
# Two cores are what CI has; xdist gives each worker its own PostgreSQL.
WORKERS ?= 2
PYTEST_ARGS ?=
DEMO_ARGS ?=

.PHONY: templates help install install-dev screens screens-check demo test test-faces pictures lighthouse test-oracle test-crash test-spark test-cluster check format format-check lint types contracts generated-check lock bench clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

install: $(VENV)/.installed ## Make .venv with the locked requirements and jifen itself, and build the screens if they changed
	@$(SCREENS) --check 2>/dev/null || $(MAKE) --no-print-directory screens

install-dev: $(VENV)/.installed-dev ## The same, with what the tests and checks need
	@$(SCREENS) --check 2>/dev/null || $(MAKE) --no-print-directory screens

$(VENV)/.python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "No Python 3.11 or newer was found (tried: $(CANDIDATES))."; \
		echo "Install one, with its venv module, or name it: make PYTHON=/path/to/python3.11 install"; \
		exit 1; fi
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than Python 3.11."; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	@touch $@

# --require-hashes refuses any file that is not the locked one. -qq keeps a mirror's warnings quiet, never an error.
SCREENS = $(PY) tools/screens.py
PIP_INSTALL = $(PY) -m pip install -qq --disable-pip-version-check

$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/.python
	@echo 'Installing requirements.txt (half a minute or so) ...'
	@$(PIP_INSTALL) --require-hashes -r requirements.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt pyproject.toml | $(VENV)/.python
	@echo 'Installing requirements-dev.txt (half a minute or so) ...'
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.installed

# Told by contents, not by times: tools/screens.py. What it needs is installed only where something has to be built.
screens: $(VENV)/.installed-screens ## Build the screens, if their sources changed
	@$(SCREENS)

screens-check: $(VENV)/.installed-screens ## Lint, types and tests of the screens' sources
	@$(SCREENS) test

$(VENV)/.installed-screens: requirements-screens.txt | $(VENV)/.python
	@echo 'Installing requirements-screens.txt (Node, for building the screens) ...'
	@$(PIP_INSTALL) --require-hashes -r requirements-screens.txt
	@touch $@

demo: install ## A year of a real grocer becomes a ledger; serves the console and the API on 127.0.0.1:8000
	$(VENV)/bin/jifen demo $(DEMO_ARGS)

test: install-dev ## Run the tests: every one but test-faces, test-crash and the random lives of test-oracle
	$(PY) -m pytest -n $(WORKERS) --dist loadgroup --ignore=tests/crash --ignore=tests/faces --ignore=tests/oracle/test_plain.py $(PYTEST_ARGS)

templates: install ## Back-test the templates on the demo's year and write docs/templates/; TEMPLATES_HOME names where the demo lies
	$(PY) tools/template_pages.py --home "$(or $(TEMPLATES_HOME),$(or $(JIFEN_HOME),$(HOME)/.local/share/jifen)/demo)"

test-faces: install-dev ## Walk through the three faces in a real Chromium, where there is one
	$(PY) -m pytest -n $(WORKERS) --dist loadgroup tests/faces $(PYTEST_ARGS)

lighthouse: install-dev screens ## Measure the member app with Lighthouse, which is installed for it from its own lock
	JIFEN_LIGHTHOUSE=1 $(PY) -m pytest tests/faces/test_lighthouse.py

pictures: install-dev screens ## Draw the stored pictures of the screens again, after a change of their looks or on a machine with other fonts
	JIFEN_PICTURES=draw $(PY) -m pytest tests/faces/test_pictures.py

test-oracle: install-dev ## Hold the books against the plain computation that was written from the documents alone, on many random lives
	JIFEN_TEST_EXAMPLES=$(or $(EXAMPLES),300) $(PY) -m pytest -n $(WORKERS) tests/oracle $(PYTEST_ARGS)

test-crash: install-dev ## Kill and stop whatever serves, at any moment: nothing acknowledged is lost, nothing happens twice
	$(PY) -m pytest -n $(WORKERS) --dist loadgroup tests/crash $(PYTEST_ARGS)

# PySpark is 456 MB and wants a Java, so it is in no other lock (decision 0070); without it these tests are skipped, loudly.
test-spark: install-dev ## Install PySpark and run what needs it
	$(PIP_INSTALL) --no-build-isolation --require-hashes -r requirements-spark.txt
	$(PY) -m pytest tests/backtest/test_spark.py $(PYTEST_ARGS)

test-cluster: install-dev ## The books kept as on a cluster: everything that a till drives, with the members over eight shards
	JIFEN_TEST_SHARDS=8 $(PY) -m pytest -n $(WORKERS) --dist loadgroup tests/machine tests/store tests/stories $(PYTEST_ARGS)

check: format-check lint types contracts generated-check screens-check test test-faces test-crash ## What CI runs

format: install-dev ## Format the code and sort the imports
	$(PY) -m ruff check --fix --select I,F401 --quiet .
	$(PY) -m ruff format .

format-check: install-dev
	$(PY) -m ruff format --check .

lint: install-dev ## Ruff
	$(PY) -m ruff check .

types: install-dev ## mypy --strict
	$(PY) -m mypy --strict

contracts: install-dev ## The arrows of import (DESIGN section 2)
	$(VENV)/bin/lint-imports

generated-check: install-dev ## Generated files (OpenAPI, JSON Schema, reference pages) are fresh
	$(PY) -m jifen.generated --check

# Universal locks: every Python from 3.11 on, Linux. No addresses are written into them.
LOCK = $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-header \
	--no-emit-index-url --no-emit-find-links --no-annotate

lock: install-dev ## Make the locked requirements again (needs the network)
	$(LOCK) pyproject.toml --group build --output-file requirements.txt
	$(LOCK) pyproject.toml --group dev --constraint requirements.txt --output-file requirements-dev.txt
	$(LOCK) pyproject.toml --extra spark --group build --constraint requirements.txt --output-file requirements-spark.txt
	$(LOCK) --group screens --output-file requirements-screens.txt

bench: install-dev ## Speed, as ratios measured side by side on this machine
	@shopt -s nullglob; for b in benchmarks/bench_*.py; do echo "== $$b"; $(PY) $$b || exit 1; done

clean: ## Remove what make made here (data in JIFEN_HOME stays)
	rm -rf $(VENV) build dist web/node_modules src/jifen/built_screens .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache src/*.egg-info
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
