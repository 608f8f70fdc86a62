# Two commands for a newcomer: `make demo` and `make test`. Everything lands in .venv.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALLED := .venv/installed-run
INSTALLED_TEST := .venv/installed-test
NPM := $(shell command -v npm 2>/dev/null)
INSTALLED_OUTSIDE := tests/outside/node_modules/.package-lock.json

.PHONY: help install demo run test outside outside-if-possible lint types contracts migrations-check eval bench-compose bench-render bench-deliver bench-events bench-reading bench-import bench-gather crash-test lock clean

help:
	@echo "make demo   the whole way on the examples, into a local Maildir"
	@echo "make run    the web pages and the clock on the demo's data"
	@echo "make test   every check: style, types, contracts, migrations, tests"
	@echo "make outside   what the mails are held against from outside (npm); make test asks for it"
	@echo "make eval   how right themes and evidence are, on labelled summaries (FILE=path)"
	@echo "make bench-compose   how long a draft takes: 100, 1,000 and 10,000 summaries"
	@echo "make bench-deliver   mails a second, CPU a mail and memory, beside smtp-source and others"
	@echo "make bench-events    what comes back: events a second"
	@echo "make bench-reading   100,000 sealed addresses: read and opened in under a second"
	@echo "make bench-gather    10,000 entries of 200 feeds: entries a second, and again unchanged"
	@echo "make crash-test      kill -9 a hundred times in 100,000 mails: lost, doubled, unknown"
	@echo "make bench-render    how long a mail takes and its bytes, beside MJML and css-inline"

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

test: lint types contracts migrations-check $(if $(NPM),outside-if-possible)
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
	@DIGEST_TEST_DATABASE=postgresql $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m both_databases

# What the mails are held against (tests/outside): Nu's HTML checker, axe, caniemail, MJML. It needs
# node and npm; where they are absent or offline, the tests that ask for them are skipped.
outside: $(INSTALLED_OUTSIDE)

$(INSTALLED_OUTSIDE): tests/outside/package-lock.json
	@echo "Installing the locked outside checkers into tests/outside/node_modules"
	@cd tests/outside && npm ci --ignore-scripts --loglevel=error >/dev/null
	@touch $@

outside-if-possible:
	@npm_config_fetch_retries=0 $(MAKE) -s outside || echo "No outside checkers: their tests are skipped"

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

bench-render: install
	@$(BIN)/python -m bench.render

bench-deliver: $(INSTALLED_TEST) $(if $(NPM),outside-if-possible)
	@$(BIN)/python -m bench.deliver

bench-events: $(INSTALLED_TEST)
	@$(BIN)/python -m bench.events

bench-reading: install
	@$(BIN)/python -m bench.reading

bench-import: $(INSTALLED_TEST)
	@$(BIN)/python -m bench.importing

bench-gather: install
	@$(BIN)/python -m bench.gathering

# A hundred senders killed in the middle of 100,000 mails; `make test` has a short form.
crash-test: $(INSTALLED_TEST)
	@$(BIN)/python -m bench.crash --kills 100 --mails 100000

# Renewing the locks needs `uv`; using them needs only pip. (`npm update` in tests/outside: its own.)
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet
lock:
	$(LOCK) --extra build --extra postgresql pyproject.toml -o requirements/run.lock
	$(LOCK) --extra build --extra test -c requirements/run.lock pyproject.toml -o requirements/test.lock

clean:
	rm -rf .venv tests/outside/node_modules demo build dist .mypy_cache .ruff_cache .pytest_cache
