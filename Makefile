# Two commands for a newcomer: `make demo` and `make test`. Everything lands in .venv.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALLED := .venv/installed-run
INSTALLED_TEST := .venv/installed-test

.PHONY: help install demo run test lint types contracts migrations-check eval bench-compose lock clean

help:
	@echo "make demo   the whole way on the examples, into a local Maildir"
	@echo "make run    the web pages and the clock on the demo's data"
	@echo "make test   every check: style, types, contracts, migrations, tests"
	@echo "make eval   how right themes and evidence are, on labelled summaries (FILE=path)"
	@echo "make bench-compose   how long a draft takes: 100, 1,000 and 10,000 summaries"

install: $(INSTALLED)

$(INSTALLED): requirements/run.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the locked dependencies into .venv"
	@$(PIP) install --no-compile --require-hashes -r requirements/run.lock
	@$(PIP) install --no-compile --no-deps --no-build-isolation --editable .
	@touch $@

$(INSTALLED_TEST): requirements/test.lock $(INSTALLED)
	@echo "Installing the locked test dependencies into .venv"
	@$(PIP) install --no-compile --require-hashes -r requirements/test.lock
	@touch $@

demo: install
	@$(BIN)/digest demo demo

run: install
	@test -f demo/config.yaml || $(BIN)/digest demo demo
	@$(BIN)/digest --config demo/config.yaml run

test: lint types contracts migrations-check
	@$(BIN)/pytest -n 2 --dist loadfile
	@DIGEST_TEST_DATABASE=postgresql $(BIN)/pytest -n 2 --dist loadfile -m both_databases

lint: $(INSTALLED_TEST)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(INSTALLED_TEST)
	@$(BIN)/mypy

contracts: $(INSTALLED_TEST)
	@$(BIN)/lint-imports

migrations-check: $(INSTALLED_TEST)
	@DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m django makemigrations --check --dry-run

# Figures; bench/README.md explains them. FILE: a labelled JSONL file other than ours.
eval: install
	@$(BIN)/python -m bench.evaluate $(if $(FILE),"$(FILE)")

bench-compose: install
	@$(BIN)/python -m bench.compose

# Renewing the locks needs `uv`; using them needs only pip.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet
lock:
	$(LOCK) --extra build --extra postgresql pyproject.toml -o requirements/run.lock
	$(LOCK) --extra build --extra test -c requirements/run.lock pyproject.toml -o requirements/test.lock

clean:
	rm -rf .venv demo build dist .mypy_cache .ruff_cache .pytest_cache
