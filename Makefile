# Two commands: `make demo` shows what pellucid does, `make test` shows that it is right.
# Both make .venv first; nothing is installed twice until pyproject.toml or constraints.txt change.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INPUTS := pyproject.toml constraints.txt

.PHONY: demo test test-oracles bench docs format clean

demo: .venv/.cli
	$(BIN)/pellucid train digits --hidden 100 --epochs 60 --out digits.safetensors --plot digits.png

test: .venv/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --quiet

test-oracles: .venv/.oracles
	$(BIN)/python -m pytest tests/oracles -n 2

bench: .venv/.test
	$(BIN)/python benchmarks/overhead.py

docs: .venv/.test
	$(BIN)/python docs/make_api.py

format: .venv/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv build dist digits.safetensors digits.png

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pellucid needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv .venv

# One stamp for each set of extras; a larger set holds the smaller ones.
.venv/.%: .venv/bin/python $(INPUTS)
	@echo "installing pellucid[$*] into .venv (a minute or two, once)"
	@$(PIP) install --constraint constraints.txt --editable '.[$*]'
	@touch $@
