# Cardcase: two commands matter, `make run` and `make test`. Everything they need is set up by them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data
STAMP := .setup

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run setup test test-night bench model bench-advice lint screenshots translate clean

help:  ## Say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

run: setup  ## Set up and start on SQLite with the example shop at http://127.0.0.1:8000
	$(BIN)/cardcase run --data $(DATA) --with-example

setup: $(STAMP)/run $(STAMP)/front $(STAMP)/locale  ## Virtual environment, locked dependencies, front end, .venv/bin/cardcase

$(STAMP)/venv:
	$(PYTHON) scripts/preflight.py
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/run: $(STAMP)/venv requirements/run.txt requirements/build.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python scripts/system_packages.py run
	@touch $@

$(STAMP)/front: package.json package-lock.json $(shell find frontend -type f 2>/dev/null)
	npm ci --no-audit --no-fund --silent
	npm run --silent build
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/locale: $(STAMP)/run $(shell find src/cardcase/locale -name '*.po' 2>/dev/null) scripts/compile_locale.py
	$(BIN)/python scripts/compile_locale.py
	@touch $@

$(STAMP)/dev: $(STAMP)/run requirements/dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

$(STAMP)/system: $(STAMP)/dev scripts/system_packages.py
	$(BIN)/python scripts/system_packages.py test
	@touch $@

test: setup $(STAMP)/dev $(STAMP)/system  ## Set up and run every check
	$(BIN)/python scripts/check.py

test-night: setup $(STAMP)/dev $(STAMP)/system  ## The same tests at full size
	$(BIN)/python scripts/check.py --night

bench: setup $(STAMP)/dev $(STAMP)/system  ## Measure, and write docs/benchmarks.md
	$(BIN)/python scripts/bench.py

model: setup $(STAMP)/dev  ## Train what reads messages and replies on corpus/, judge it, and write docs/model-card.md
	$(BIN)/python scripts/model_card.py

bench-advice: setup  ## Judge the advice in simulated trades, and write docs/benchmarks-advice.md
	$(BIN)/python scripts/bench_advice.py

lint: setup $(STAMP)/dev  ## Only format, lint, types and contracts
	$(BIN)/python scripts/check.py --only lint

screenshots: setup $(STAMP)/dev $(STAMP)/system  ## Draw every page at 360 and 1280 px into build/screenshots and docs/images
	$(BIN)/python scripts/screenshots.py --readme

translate: setup $(STAMP)/dev  ## Gather new texts into the English catalogue
	$(BIN)/python scripts/translate.py extract

clean:  ## Remove what setup made, keep data
	rm -rf $(VENV) $(STAMP) node_modules src/cardcase/shell/static/build
