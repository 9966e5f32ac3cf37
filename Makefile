# The commands of this project. Each sets up what it needs.

PYTHON ?= python3
BIN := .venv/bin
PYTHON37 ?= python3.7
TIME ?= 600
BACKENDS ?= jax optax torch

.PHONY: compare test backends lint fix bench bench-json fuzz zoo readability docs site course clean help

help:      ## show this list
	@grep -E '^[a-z-]+: *.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/'

compare: .venv  ## train the same network in TF1 and TF2, side by side
	$(BIN)/tfmigrate compare mlp

test: .venv  ## run the tests
	$(BIN)/pytest

backends: .backends  ## set up JAX and PyTorch, or BACKENDS, apart, for the tests that need them

lint: .venv  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: .venv  ## fix style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv  ## measure speed and memory, as ratios; FLEET is a folder of small checkpoints
	$(BIN)/python benchmarks/weights.py
	$(BIN)/python benchmarks/graphs.py
	$(BIN)/python benchmarks/growth.py
	$(if $(FLEET),$(BIN)/python benchmarks/fleet.py $(FLEET))

bench-json: .venv  ## measure the figures that matter most, as one line of JSON
	@$(BIN)/python benchmarks/headline.py

fuzz: .venv  ## read generated and damaged files and graphs, for TIME seconds
	$(BIN)/python -m pip install --quiet --constraint constraints-dev.txt --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz --seconds $(TIME)

zoo: .venv  ## convert well-known networks from their packages; takes long; PYTHON37 is a Python 3.7
	$(BIN)/python tools/run_zoo.py --python3.7 $(PYTHON37)

readability: .venv  ## measure how generated sources read; ZOO is a folder that run_zoo.py --keep has filled
	$(BIN)/python tools/run_readability.py $(if $(ZOO),--zoo $(ZOO))

docs: .venv  ## write the generated pages of docs/
	$(BIN)/python tools/make_docs.py

site: .venv  ## build docs, commands and Python API as a static site, build/site
	$(BIN)/python -m pip install --quiet --constraint constraints-dev.txt --editable '.[docs]'
	$(BIN)/python tools/make_site.py

course: .venv  ## run the MNIST, cats and taxi systems at full size; takes long; TFMIGRATE_DATA names the data folder
	$(BIN)/python tools/run_course.py

clean:  ## remove what was built
	rm -rf .venv .backends build dist *.egg-info

# Rebuilt when the dependencies change: make compares the time of .venv.
.venv: pyproject.toml constraints.txt constraints-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints-dev.txt --editable '.[dev]'
	touch .venv

# Keras, JAX and PyTorch without TensorFlow.
.backends: constraints.txt constraints-dev.txt
	$(PYTHON) -m venv .backends
	.backends/bin/python -m pip install --quiet --constraint constraints-dev.txt keras safetensors $(BACKENDS)
	touch .backends
