# `make demo` and `make test` each do all the set-up on a machine with Python 3.11, g++ and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
# What is installed: the working tree in editable form, or a wheel (continuous integration).
PACKAGE ?= -e '.[dev]'
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= 2
# A file's tests in one process, so that what they share is made once; in their order, so that every run is alike.
DIST := --dist loadfile --no-loadscope-reorder

export NETLOOM_RUNS ?= runs

.PHONY: help setup demo test test-all lint format typecheck bench clean

help:
	@echo "make demo       set up, then train, quantize, convert and simulate digits, down to a bitstream and a report"
	@echo "make test       set up, then run the tests (under 15 minutes on 2 cores)"
	@echo "make test-all   the same and the long sweeps"
	@echo "make bench      the benchmarks, as ratios against hls4ml's C-simulation"
	@echo "make lint       format check, lint;  make typecheck: types of the installed package"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip==25.3
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(PACKAGE)
# HGQ2, for tests: its wheel also has a package `qkeras`, which would take the place of QKeras's parts.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps \
	    --upgrade --target $(VENV)/hgq2 HGQ2
	rm -rf $(VENV)/hgq2/qkeras
	$(BIN)/python -c "import pathlib, sysconfig; pathlib.Path(sysconfig.get_path('purelib'), 'hgq2.pth').write_text('$(abspath $(VENV)/hgq2)\n')"
	touch $@

demo: setup
	$(BIN)/netloom run digits --board ULX3S-25F --target-ii 128

test: setup
	$(BIN)/pytest -n $(JOBS) $(DIST) -m "not slow"

test-all: setup
	$(BIN)/pytest -n $(JOBS) $(DIST)

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# From another folder than this one, whose netloom/ would hide the installed package and the stages in it.
typecheck: setup
	cd $(VENV) && bin/mypy --config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache -p netloom

bench: setup
	$(BIN)/python benchmarks/simulation_speed.py

clean:
	rm -rf $(VENV) build dist *.egg-info
