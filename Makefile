# `make demo` shows what pellucid does, `make studio` opens its page, `make test` shows that it is
# right. All make .venv first; nothing is installed twice until pyproject.toml or constraints.txt change.

PYTHON ?= python3
FUZZ_SECONDS ?= 600
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CPP := $(wildcard native/*.h native/*.cpp native/tests/*.h native/tests/*.cpp)
INPUTS := pyproject.toml constraints.txt CMakeLists.txt $(wildcard native/*.h native/*.cpp)

.PHONY: demo studio test test-oracles bench bench-quick bench-tables bench-serving bench-forms bench-studio fuzz sanitize same-bits docs docs-studio format clean

demo: .venv/.cli
	$(BIN)/pellucid train digits --hidden 100 --epochs 60 --out digits.safetensors --plot digits.png

studio: .venv/.studio
	$(BIN)/pellucid studio

test: .venv/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/clang-format --dry-run --Werror $(CPP)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --quiet

test-oracles: .venv/.oracles
	$(BIN)/python -m pytest tests/oracles -n 2

bench: .venv/.bench
	$(BIN)/python benchmarks/run.py --mnist
	$(BIN)/python benchmarks/fit.py

bench-quick: .venv/.bench
	$(BIN)/python benchmarks/run.py --quick

bench-tables: .venv/.bench
	$(BIN)/python benchmarks/tables.py
	$(BIN)/python benchmarks/tables.py --whole

bench-serving: .venv/.test
	$(BIN)/python benchmarks/serving.py

bench-forms: .venv/.bench
	POLARS_MAX_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/forms.py

bench-studio: .venv/.test
	$(BIN)/python benchmarks/studio.py

fuzz: .venv/.fuzz
	PYTHONPATH=tests $(BIN)/python tests/attacks/fuzz.py $(FUZZ_SECONDS)

sanitize:
	$(PYTHON) native/tests/run.py sanitize

same-bits:
	$(PYTHON) native/tests/run.py same-bits

docs: .venv/.test
	$(BIN)/python docs/make_api.py
	$(BIN)/python docs/make_comparison.py
	$(BIN)/python docs/make_derivation.py
	$(BIN)/python docs/make_doctor.py
	$(BIN)/python docs/make_gallery.py

docs-studio: .venv/.test
	PELLUCID_PICTURES=docs/studio $(BIN)/python -m pytest --quiet tests/test_studio_pictures.py

format: .venv/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/clang-format -i $(CPP)

clean:
	rm -rf .venv build dist digits.safetensors digits.png

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pellucid needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv .venv

# One stamp for each set of extras; a larger set holds the smaller ones. What builds the native engine
# comes from .venv too, pinned like all the rest, and what it has built is kept for the next set.
.venv/.build: .venv/bin/python constraints.txt
	@$(PIP) install --constraint constraints.txt scikit-build-core nanobind cmake ninja
	@touch $@

.venv/.%: .venv/.build $(INPUTS)
	@echo "installing pellucid[$*] into .venv (two minutes or so, once)"
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) install --constraint constraints.txt \
		--no-build-isolation --config-settings=build-dir=build/make \
		--config-settings=cmake.define.PELLUCID_WERROR=ON --editable '.[$*]'
	@touch $@
