# Every target sets up what it needs (its own .venv, nothing global) and then does its job.
VENV := .venv
BIN := $(VENV)/bin
# DATACC_TEST_JOBS: how many test processes at a time
DATACC_TEST_JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test tiny check format lint types contract nightly peers deps clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

$(VENV)/ready: pyproject.toml constraints.txt tools/set-up
	@sh tools/set-up

demo: $(VENV)/ready ## real digits: import, build, answer, and the answer again from a wheel in an empty venv
	@$(BIN)/python gallery/demo.py

test: $(VENV)/ready ## all tests but the nightly ones
	@$(BIN)/python -m pytest -n $(DATACC_TEST_JOBS) -m "not nightly"

tiny: $(VENV)/ready ## the whole path on a handful of examples, in seconds
	@$(BIN)/python -m pytest -m tiny $$(grep -rl --include='*.py' 'mark\.tiny' tests)

check: $(VENV)/ready ## format, lint, types, import contract, tests
	@$(BIN)/ruff format --check --quiet . && $(MAKE) --no-print-directory lint types contract test

format: $(VENV)/ready ## put the sources into the house format
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --fix --quiet .

lint: $(VENV)/ready ## ruff
	@$(BIN)/ruff check .

types: $(VENV)/ready ## mypy, strict on src
	@$(BIN)/mypy

contract: $(VENV)/ready ## import-linter: layers, the sealed judge, torch
	@$(BIN)/lint-imports

PART ?= 1/1
nightly: $(VENV)/ready ## the long tiers: all, or PART=k/n; what is done already is skipped
	@$(BIN)/python tools/nightly.py $(PART)

peers: $(VENV)/ready ## what bench/native.py and bench/repository.py stand beside, into .venv
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[bench]'

deps: ## Debian packages that some tests use (valgrind); says what it will do
	@sh tools/debian-packages

clean: ## remove what was built, and .venv
	rm -rf build dist $(VENV)
