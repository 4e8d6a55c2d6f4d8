# Every target sets up what it needs: Python 3.11 or newer, git and make are enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Without compiled bytecode, importing dbt takes seconds more at every start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup build demo test schedulers emulator snowflake semantic browser mutation rehearse planted lint golden docs bench clean

help: ## show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(READY) ## make the virtual environment in .venv

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else f"whgen needs Python 3.11 to 3.13, and $(PYTHON) is {v[0]}.{v[1]}: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY) ## unpack the data of the example to data/raw
	$(BIN)/python -m whgen.demo data/raw

build: demo ## build the example warehouse: specs -> dbt project -> flights.duckdb
	$(BIN)/whgen build

test: $(READY) ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

schedulers: $(READY) .venv-airflow/.ready .venv-prefect/.ready ## run the generated schedules under a real Airflow and a real Prefect
	WHGEN_AIRFLOW=$(CURDIR)/.venv-airflow/bin/python WHGEN_PREFECT=$(CURDIR)/.venv-prefect/bin/python \
		$(BIN)/python -m pytest tests/test_schedulers.py $(ARGS)

emulator: $(READY) .venv-emulator/.ready ## build with real dbt-bigquery against an emulator of BigQuery
	WHGEN_EMULATOR=$(CURDIR)/.venv-emulator/bin/python $(BIN)/python -m pytest tests/test_emulator.py tests/test_emulator_values.py tests/test_emulator_runs.py tests/test_warehouses.py $(ARGS)

snowflake: $(READY) .venv-snowflake/.ready ## have real dbt-snowflake read what is generated for Snowflake; it needs no account
	WHGEN_SNOWFLAKE=$(CURDIR)/.venv-snowflake/bin/python $(BIN)/python -m pytest tests/test_snowflake.py $(ARGS)

semantic: $(READY) .venv-metricflow/.ready ## have a real MetricFlow check the semantic layer and answer from it
	WHGEN_METRICFLOW=$(CURDIR)/.venv-metricflow/bin/python $(BIN)/python -m pytest tests/test_semantic_layer.py $(ARGS)

browser: $(READY) .venv-browser/package/axe.min.js ## test the docs site in the Chromium of this machine, also for who cannot see it
	WHGEN_AXE=$(CURDIR)/.venv-browser/package/axe.min.js $(BIN)/python -m pytest tests/test_site.py $(ARGS)

.venv-browser/package/axe.min.js:
	mkdir -p .venv-browser && cd .venv-browser && npm pack --silent axe-core@4.14.1 && tar xzf axe-core-4.14.1.tgz package/axe.min.js
	@touch $@

# Each in an environment of its own: what they need would hold back what whgen needs.
.venv-%/.ready: tests/environments/%.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

mutation: $(READY) ## damage valid specs 2,000 times and see what becomes of each; ARGS=--help says how to do more or less
	PYTHONPATH=tests $(BIN)/python -m mutation $(ARGS)

rehearse: $(READY) ## live through 60 days of the example and of the projects in tests/rehearsals; ARGS=--help says how to do less
	PYTHONPATH=tests $(BIN)/python -m rehearsals $(ARGS)

planted: $(READY) ## plant bugs into copies of the generator and see whether `whgen rehearse` finds each; ARGS=--help says how to do less
	PYTHONPATH=tests $(BIN)/python -m planted $(ARGS)

lint: $(READY) ## check formatting, types and the layers of the code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/whgen generate --check

golden: $(READY) ## write all golden files anew (and fail, so that they get read)
	$(BIN)/whgen generate --force
	$(BIN)/python -m pytest -q --golden tests/test_cases.py tests/test_errors.py tests/test_docs.py tests/test_warehouses.py tests/test_story.py

docs: $(READY) ## write the generated pages of docs/
	$(BIN)/python -m whgen.docs docs

bench: demo ## measure against bare dbt; see benchmarks/README.md
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/build_overhead.py
	$(BIN)/python benchmarks/scale.py

clean: ## remove what the other targets made
	rm -rf $(VENV) .venv-airflow .venv-prefect .venv-emulator .venv-snowflake .venv-metricflow .venv-browser data flights.duckdb generated/*/target generated/*/logs
