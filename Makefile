# Two commands for everybody: `make run` starts the server, `make test` runs all tests. Needs Python 3.11+ and make.
# On Windows without make: the README has the same steps for pip.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PRETTIER := tests.node prettier/bin/prettier.cjs --log-level warn
PAGE := "{suhbat/web,tests}/**/*.{js,mjs,css}"
PORT ?= 8000
HOST ?= 127.0.0.1

.PHONY: run test test-fast check format bench cluster faults proof proof-controls fuzz soak audit screenshots requirements clean

run: $(VENV)/.run
	$(BIN)/python -m suhbat serve --host $(HOST) --port $(PORT)

test: $(VENV)/.dev
	$(BIN)/python -m pytest

test-fast: $(VENV)/.dev
	$(BIN)/python -m pytest -m unit

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive suhbat main.py
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m $(PRETTIER) --check $(PAGE)
	$(BIN)/python -m tests.node typescript/bin/tsc -p jsconfig.json
	$(BIN)/python -m tests.node tests/web/oldest.mjs

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m $(PRETTIER) --write $(PAGE)

bench: $(VENV)/.dev
	$(BIN)/python bench/run.py

cluster: $(VENV)/.dev
	$(BIN)/python -m tests.cluster --port $(PORT)

faults: $(VENV)/.dev
	$(BIN)/python -m tests.cluster.faults

proof: $(VENV)/.dev
	$(BIN)/python -m tests.proof

proof-controls: $(VENV)/.dev
	$(BIN)/python -m tests.proof.controls

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.proof.fuzz

soak: $(VENV)/.dev
	$(BIN)/python -m tests.proof.soak

audit: $(VENV)/.dev
	$(BIN)/uv tool run pip-audit -r requirements.txt

screenshots: $(VENV)/.dev
	$(BIN)/python -m tests.browser.screenshots

requirements: $(VENV)/.dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header \
		pyproject.toml --output-file requirements.in.txt
	$(BIN)/python deploy/requirements.py requirements.in.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header \
		--group dev --constraint requirements.in.txt pyproject.toml --output-file requirements-dev.txt
	rm requirements.in.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.made:
	$(PYTHON) -c "import sys; sys.exit('Suhbat needs Python 3.11 or newer; this is %d.%d' % sys.version_info[:2] if sys.version_info < (3, 11) else 0)"
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.run: requirements.txt | $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@ $(VENV)/.run
