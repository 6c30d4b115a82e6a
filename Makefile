# Habitué: everything that a newcomer types. `make help` explains each target.
PYTHON ?= python3
DATA ?=
ARGS ?=
OUT ?= out

VENV_PYTHON := .venv/bin/python
HABITUE := .venv/bin/habitue
PACKAGES := .venv/.packages
JAVA := .venv/.java
JARS := .venv/.jars
REFERENCE_PAGES := $(if $(wildcard orchestration/docs.py),$(VENV_PYTHON) -m orchestration.docs,\
	echo "NOT CHECKED: orchestration/docs.py is not there")
CONTOSO_NIGHT := $(HABITUE) night --retailer retailers/contoso.yaml --landing "$(DATA)" --lake $(OUT)/contoso/lake
SOURCES := lakehouse pipelines features models quality activation report orchestration synthetic benchmarks scripts tests

export SPARK_LOCAL_IP ?= 127.0.0.1

.DEFAULT_GOAL := help
.PHONY: help setup demo crm test test-tools check format docs bench try-contoso clean clean-all again

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(PACKAGES) $(JAVA) $(JARS) ## install Python packages, Java and the Delta archives into this folder, nothing outside it
	@:

demo: setup ## the fictional retailer: two nights, training, a summary and a report (about 5 minutes on 2 cores)
	@$(VENV_PYTHON) -m orchestration.demo $(ARGS)

crm: setup ## a real CRM (Tryton) with the demo's customers and scores, in a browser; ARGS="--port 8010" for another port
	@$(VENV_PYTHON) -m scripts.crm $(ARGS)

test: setup ## every test that needs Python and Java alone; ARGS="-k night" for some of them
	@$(VENV_PYTHON) -m scripts.tests $(ARGS)

test-tools: setup ## tests against real servers: PostgreSQL, OpenSSH, listmonk, Tryton, a browser (as root on Debian, or with these packages)
	@$(VENV_PYTHON) -m scripts.tools
	@$(VENV_PYTHON) -m scripts.tryton
	@$(VENV_PYTHON) -m pytest tests/tools $(ARGS)

check: setup ## format, lint, import order, types, and reference pages up to date
	@echo "-- format"; $(VENV_PYTHON) -m ruff format --check .
	@echo "-- lint"; $(VENV_PYTHON) -m ruff check .
	@echo "-- import order"; .venv/bin/lint-imports
	@echo "-- types"; $(VENV_PYTHON) -m mypy $(wildcard $(SOURCES))
	@echo "-- reference pages"; $(REFERENCE_PAGES) --check

format: setup ## rewrite the code in the project's format and repair what the linter can
	@$(VENV_PYTHON) -m ruff format .
	@$(VENV_PYTHON) -m ruff check --fix .

docs: setup ## write the generated reference pages again
	@$(REFERENCE_PAGES)

bench: setup ## benchmarks of the night and of the fictional retailer; ARGS are passed to both
	@$(VENV_PYTHON) -m benchmarks.night --json $(ARGS)
	@$(VENV_PYTHON) -m benchmarks.synthetic --json $(ARGS)

try-contoso: setup ## the exports of four real systems: a night, training, the next night; DATA=the folder with them
	@test -d "$(DATA)" || { echo "make try-contoso: DATA=$(DATA) is no folder; type: make try-contoso DATA=folder"; exit 2; }
	@$(CONTOSO_NIGHT) --date 2019-05-25
	@$(HABITUE) train --retailer retailers/contoso.yaml --lake $(OUT)/contoso/lake
	@$(CONTOSO_NIGHT) --date 2019-05-26

clean: ## delete what runs wrote here: lakes, reports and caches; set-up stays
	@rm -rf $(OUT) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis spark-warehouse
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path './.boot/*' -prune -exec rm -rf {} +

clean-all: clean ## delete the set-up as well; the next `make setup` starts from nothing
	@rm -rf .boot .venv .java .jars .tools .tryton .jars.log *.egg-info

# Stamps: one file per step, newer than what the step depends on. `again` repeats a step whose result is gone.
$(PACKAGES): requirements.lock pyproject.toml scripts/environment.py $(if $(wildcard $(VENV_PYTHON)),,again)
	@echo "set-up 1 of 3: Python packages (half a minute the first time)"
	@$(PYTHON) scripts/environment.py
	@touch $@

$(JAVA): $(PACKAGES) scripts/java.py $(if $(wildcard .java/bin/java),,again)
	@echo "set-up 2 of 3: Java"
	@$(VENV_PYTHON) -m scripts.java
	@touch $@

$(JARS): $(PACKAGES) $(JAVA) jars.sha256 scripts/jars.py scripts/java_network.py $(if $(wildcard .jars/*.jar),,again)
	@echo "set-up 3 of 3: Java archives for Delta tables and PostgreSQL"
	@$(VENV_PYTHON) -m scripts.jars
	@touch $@

again:
