# The commands of this project. Each sets up what it needs.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: compare test lint fix bench fuzz docs course clean help

help:      ## show this list
	@grep -E '^[a-z]+: *.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/'

compare: .venv  ## train the same network in TF1 and TF2, side by side
	$(BIN)/tfmigrate compare mlp

test: .venv  ## run the tests
	$(BIN)/pytest

lint: .venv  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: .venv  ## fix style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv  ## measure speed and memory, as ratios
	$(BIN)/python benchmarks/weights.py
	$(BIN)/python benchmarks/graphs.py

fuzz: .venv  ## test the readers and the converter with damaged files and graphs; takes long
	$(BIN)/python tests/checkpoint/fuzz.py
	TFMIGRATE_FUZZ=200 $(BIN)/pytest -n 2 tests/conversion/test_hostile.py

docs: .venv  ## write the generated pages of docs/
	$(BIN)/python tools/make_docs.py

course: .venv  ## run the MNIST, cats and taxi systems at full size; takes long; TFMIGRATE_DATA names the data folder
	$(BIN)/python tools/run_course.py

clean:  ## remove what was built
	rm -rf .venv build dist *.egg-info

# Rebuilt when the dependencies change: make compares the time of .venv.
.venv: pyproject.toml constraints.txt constraints-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints-dev.txt --editable '.[dev]'
	touch .venv
