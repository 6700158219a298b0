# Everything here works on a fresh machine with git, make and Python >= 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check lint types layers policies bench wheel site lock clean

# run the main job on the example cloud; its planted mistakes are found, so lintkit itself exits with 1
demo: $(VENV)/.installed
	$(BIN)/lintkit check examples; test $$? -eq 1

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses auto --cov --cov-report=term:skip-covered

# exactly what CI runs
check: lint types layers policies test

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

policies: $(VENV)/.dev
	$(BIN)/lintkit test

bench: $(VENV)/.dev
	$(BIN)/python -m bench --json build/bench.json

wheel: $(VENV)/.dev
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

# the documentation as pages in site/; a warning, such as a broken link, ends it
site: $(VENV)/.dev
	$(BIN)/zensical build --clean --strict

# rewrite the pinned versions (needs pip-tools)
lock: $(VENV)/.dev
	$(PIP) install pip-tools
	$(BIN)/pip-compile --quiet --all-extras --generate-hashes --allow-unsafe --no-emit-index-url \
	  --no-emit-trusted-host --no-emit-find-links --no-annotate --no-header --strip-extras --output-file requirements.lock pyproject.toml

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# an editable install compiles nothing, and where PYTHONDONTWRITEBYTECODE is set no run ever would
COMPILE := $(BIN)/python -m compileall -q lintkit

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(PIP) install --editable .
	$(COMPILE)
	touch $@

# the lock is complete, so nothing is resolved: resolvers of older pips refuse `coverage[toml]` once a newer coverage is out
$(VENV)/.dev: $(VENV)/bin/python pyproject.toml requirements.lock
	$(PIP) install --require-hashes --no-deps --requirement requirements.lock
	$(PIP) install --no-deps --editable .
	$(PIP) check
	$(COMPILE)
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist site .cache *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .import_linter_cache
