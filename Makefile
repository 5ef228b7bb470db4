# make demo and make test are all that a fresh machine needs; see README.md.
.NOTPARALLEL:
.DEFAULT_GOAL := help
SHELL := /bin/bash

# The first Python that runs and is new enough; otherwise whatever there is, which dev/preflight.py then names.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; exit; }; done; echo python3)
VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
# Two more than there are processors: half of the tests' time they wait for other processes.
PYTEST_WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 + (os.cpu_count() or 1))')
CRASH_INSTANTS ?= 200
CHAOS_S ?= 3600
MUTANTS ?= --count 400 --seed 1

.PHONY: help setup preflight preflight-kafka kafka servers test demo mutants test-crash test-chaos test-cluster cluster bench fuzz schemas runbooks docs dashboards check lock clean

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

preflight:
	@command -v $(PYTHON) >/dev/null || { echo "Acende needs Python 3.11 or newer and none is here:" \
		"install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.13)."; exit 1; }
	@$(PYTHON) dev/preflight.py

preflight-kafka: preflight
	@$(PYTHON) dev/preflight.py kafka

setup: preflight $(LOCKED) ## the virtual environment, as locked; quick when it is up to date

$(LOCKED): requirements-dev.lock pyproject.toml
	@$(MAKE) --no-print-directory preflight
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --quiet -e .
	@touch $@

kafka: preflight-kafka setup
	@$(BIN)/python -m dev.setup kafka

servers: preflight-kafka setup
	@$(BIN)/python -m dev.setup kafka postgres

check: setup ## what needs no server: lint, format, types, published schemas and documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m events.jsonschema --check
	$(BIN)/python -m dev.docs --check
	$(BIN)/python -m dev.dashboards --check

test: servers check ## everything, against real Kafka, PostgreSQL, SQLite, SSH and telnet
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --maxprocesses 8 --dist loadgroup

demo: kafka ## a morning of installations on a real Kafka and simulated OLTs
	$(BIN)/acende demo

test-crash: servers ## SIGKILL at 200 instants on each database; ACENDE_CRASH_SEED draws the same again
	ACENDE_CRASH_INSTANTS=$(CRASH_INSTANTS) $(BIN)/python -m pytest -m crash -n $(PYTEST_WORKERS) --maxprocesses 8 --timeout 0

test-chaos: servers ## an hour in which all around the workers breaks, then the pace beside a rogue OLT; ACENDE_CHAOS_SEED draws the same again
	ACENDE_CHAOS_S=$(CHAOS_S) $(BIN)/python -m pytest -m chaos -n $(PYTEST_WORKERS) --maxprocesses 8 --timeout 0
	$(BIN)/python -m pytest -m pace -n 0 -s

mutants: servers ## small faults put into the code one at a time; MUTANTS="--part 2/5" is one slice, and what was judged stays judged
	$(BIN)/python -m dev.mutants reach
	$(BIN)/python -m dev.mutants run $(MUTANTS)

test-cluster: setup ## the chart on a real Kubernetes control plane, built once with Go; or on yours: see tests/cluster
	@$(BIN)/python -m dev.cluster programs
	$(BIN)/python -m pytest -m cluster -n 0 --timeout 0

cluster: setup ## that control plane for a person, until Ctrl-C
	@$(BIN)/python -m dev.cluster

bench: servers ## the figures of bench/README.md
	$(BIN)/python -m bench

fuzz: setup ## what strangers send, made up at random: KIND=documents, SEED=… draws the same again
	$(BIN)/python -m dev.fuzz $(KIND) $(if $(SEED),--seed $(SEED))

schemas: setup ## schemas/json from the models
	$(BIN)/python -m events.jsonschema

runbooks: servers ## docs/runbooks: what each diagnosis prints while a plant is broken that way; needs prometheus
	$(BIN)/python -m tests.monitoring.queries.evidence

docs: schemas ## docs/ from settings, models and reason codes; schemas/json too
	$(BIN)/python -m dev.docs

dashboards: setup ## helm/acende/files/dashboards from dev/dashboards
	$(BIN)/python -m dev.dashboards

lock: setup ## the locks, from pyproject.toml: hashes, no index addresses, every platform
	$(BIN)/python -m dev.lock

clean: ## virtual environment and downloads
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis
