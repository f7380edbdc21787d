# Everything starts here, on a machine that has only Python 3.11 or newer, git and make.
#
#   make install    the program and nothing else, in .venv
#   make demo       the credit example, from the table to a served and tested model
#   make check      the quick loop: style, types, import directions, quick tests (under 2 minutes)
#   make test       the same with every test but the slow ones (under 12 minutes)
#   make journeys   the slow ones: whole runs, large tables, the commands that the documents quote
#   make docs       write the generated pages of docs/ anew
#   make lock       resolve the dependencies and write the lock files
#   make clean      remove what these targets made, .venv last of all

SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
CODE := agent tools prompts workspace tui tests benchmarks docs examples
LOCKS := requirements.lock requirements-dev.lock requirements-boot.lock

# The first that is new enough; `make PYTHON=/path/to/python install` chooses another.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# A stamp carries the check sum of what it stands for, so a changed lock installs and an unchanged one costs nothing.
KEY := $(shell cat $(LOCKS) pyproject.toml | cksum | tr -d ' ')
RUNTIME := $(VENV)/.runtime-$(KEY)
DEV := $(VENV)/.dev-$(KEY)

# No dependency tells anybody anything, and the installers keep quiet.
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := 1
export LANGSMITH_TRACING := false
export LANGCHAIN_TRACING_V2 := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_PROGRESS_BAR := off
export UV_NO_PROGRESS := 1
export UV_SYSTEM_CERTS := true
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

PYTEST := $(BIN)/python -m pytest -n 2

.PHONY: help install dev demo lint check test journeys docs lock clean

help:
	@sed -n 's/^#   //p' Makefile

install: $(RUNTIME)
	@echo "Installed. Try: $(BIN)/phasegate --help"

dev: $(DEV)

# A checkout that was moved has an environment full of dead paths: it is made anew. One that has uv
# already is kept, however it was made.
$(VENV)/.boot-$(KEY):
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed and none was found. Name one: make PYTHON=/path/to/python install" >&2; exit 2; }
	@[ ! -f $(VENV)/.home ] || [ "$$(cat $(VENV)/.home)" = "$(CURDIR)" ] || rm -rf $(VENV)
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || { \
		echo "Making $(VENV) with $$($(PYTHON) --version)"; \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install -qq --require-hashes -r requirements-boot.lock; }
	@echo "$(CURDIR)" > $(VENV)/.home
	@rm -f $(VENV)/.boot-* && touch $@

# uv for speed; pip with the same hashes where uv can't reach what only pip was told of (a mirror in pip.conf).
define install_locked
	@$(BIN)/python -m uv pip install -q --python $(BIN)/python --require-hashes -r $(1) || { \
		echo "uv could not install $(1); trying pip." >&2; \
		$(BIN)/python -m pip install -qq --require-hashes -r $(1); }
endef

# The project itself: linked, not copied, without its dependencies and with the build tools that the boot lock brought.
$(RUNTIME): $(VENV)/.boot-$(KEY)
	@echo "Installing Phasegate (about 1 GB with its libraries)"
	$(call install_locked,requirements.lock)
	@$(BIN)/python -m uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation --offline -e .
	@rm -f $(VENV)/.runtime-* && touch $@

$(DEV): $(RUNTIME)
	@echo "Installing what the tests need"
	$(call install_locked,requirements-dev.lock)
	@rm -f $(VENV)/.dev-* && touch $@

# On a terminal the model is left running and can be asked; elsewhere it is started, tested and stopped.
demo: $(RUNTIME)
	@workspace="build/demo-$$(date +%Y%m%d-%H%M%S)"; \
	if [ -t 1 ]; then start=yes; else start=probe; fi; \
	mkdir -p build && exec $(BIN)/phasegate run examples/credit/credit.csv \
		--answers examples/credit/answers.yaml --workspace "$$workspace" --set deployment.start=$$start

lint: $(DEV)
	@$(BIN)/python -m ruff check -q $(CODE)
	@$(BIN)/python -m ruff format -q --check $(CODE)
	@$(BIN)/python -m mypy --no-error-summary
	@directions=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$directions"; exit 1; }

check: lint
	@$(PYTEST) -m "not slow and not integration"

test: lint
	@$(PYTEST) -m "not slow"

# 5 is pytest's word for "no test carries this mark", which is no failure.
journeys: $(DEV)
	@$(PYTEST) -m slow || [ $$? -eq 5 ]

docs: $(DEV)
	@$(BIN)/python -m docs.generate

# Pins that still fit are kept; `make lock UPGRADE=--upgrade` moves them all.
COMPILE = $(BIN)/python -m uv pip compile -q $(UPGRADE) --universal --generate-hashes --python-version 3.11 --no-header \
	--no-emit-index-url --no-emit-find-links
lock: $(VENV)/.boot-$(KEY)
	@$(COMPILE) pyproject.toml -o requirements.lock
	@$(COMPILE) pyproject.toml --group dev -o requirements-dev.lock
	@printf '%s\n' uv pip 'setuptools>=80' wheel | $(COMPILE) - -o requirements-boot.lock

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(wildcard agent tools prompts workspace tui tests benchmarks examples docs) -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf $(VENV)
