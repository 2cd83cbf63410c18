# Two commands for everyone: `make demo` and `make test`. Both set up what they need in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test setup docs bench bench-accuracy clean

$(VENV)/.demo: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

setup: $(VENV)/.test

demo: $(VENV)/.demo
	$(BIN)/sibforecast demo --out demo_output

test: $(VENV)/.test
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest

# The API page from the docstrings, into build/docs; the glossary anew.
$(VENV)/.docs: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@

docs: $(VENV)/.docs
	$(BIN)/python docs/make.py
	$(BIN)/python docs/api.py build/docs

bench: $(VENV)/.test $(VENV)-peers/.ready
	$(BIN)/python benchmarks/run.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/simulation.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/national.py
	$(BIN)/python benchmarks/service.py
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(VENV)-peers/bin/python benchmarks/speed.py

# Peers need an older pandas than we test with: an environment of their own.
$(VENV)-peers/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)-peers
	$(VENV)-peers/bin/python -m pip install --quiet --disable-pip-version-check statsforecast hierarchicalforecast -e .
	@touch $@

bench-accuracy: $(VENV)/.test $(VENV)-peers/.ready
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(VENV)-peers/bin/python benchmarks/speed.py
	$(BIN)/python -W ignore benchmarks/accuracy.py --peers $(VENV)-peers/bin/python

clean:
	rm -rf $(VENV) $(VENV)-peers demo_output dist build
