# Every command sets up .venv by itself, once, and again only when what it was made from has changed.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export MODELS_DIR ?= $(CURDIR)/.penstock/models

.PHONY: help serve test test-all check format bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(STAMP) ## Fetch the default model once, then serve on $(HOST):$(PORT)
	@$(BIN)/penstock models pull || echo "Serving without it."
	@exec $(BIN)/penstock serve

test: $(STAMP) ## Run the tests (minutes)
	$(BIN)/python -m pytest -q -m "not slow"

test-all: $(STAMP) ## Run all tests, the slow ones too
	$(BIN)/python -m pytest -q

check: $(STAMP) ## Check format, lint, types and the rules of the house
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/house

format: $(STAMP) ## Put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## Measure the server against a bare loop on the same model
	@$(BIN)/penstock models pull || echo "Measuring without it."
	@$(BIN)/python -m benchmarks

clean: ## Remove what the commands made
	rm -rf $(VENV) .penstock .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(STAMP): pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Penstock needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
