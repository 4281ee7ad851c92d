# Everything a person does with this checkout. Needs Python 3.11 or later with venv, make and git; the rest comes by itself.

# The first Python here that will do; name another with `make run PYTHON=/path/to/python3.12`.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null && echo $$name && break; done)
JOBS ?= 2
VENV := .venv
RUN := $(VENV)/bin/python
OURS := bot cases handlers intake net nlp render sources storage web workflow
CODE := $(OURS) tests bench

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run demo test check bench nlp lock format clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## start the desk with config.toml; without that file: the demo
	@$(RUN) -m bot run

demo: setup ## start the demo, whatever config.toml says
	@$(RUN) -m bot demo

test: setup-dev ## run every test (THOROUGH=1: every example and crash point)
	@$(RUN) -m pytest -n $(JOBS) --dist loadfile

check: setup-dev ## style, types and import rules
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy $(CODE) docs/pictures/take.py
	$(VENV)/bin/lint-imports

bench: setup-dev ## measure mail in, acknowledgement out, beside a floor; writes bench/RESULTS.md
	@$(RUN) -m bench

nlp: setup-dev ## measure the reader on writers it never read; writes nlp/RESULTS.md
	@$(RUN) -m nlp.results

format: setup-dev ## let ruff format and sort
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

# The locks name no index: pip and uv use the one this machine is set up for.
UV = $(VENV)-lock/bin/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

lock: ## renew requirements.txt and requirements-dev.txt from pyproject.toml
	@test -x $(VENV)-lock/bin/uv || { $(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/python -m pip install --quiet uv; }
	$(UV) --output-file requirements.txt
	$(UV) --extra dev --constraint requirements.txt --output-file requirements-dev.txt

clean: ## remove the environment and caches; var/ and config.toml stay
	rm -rf $(VENV) $(VENV)-lock build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# A set-up is remembered by what it was made from, so a later start never calls pip. `test` adds to what `run` installed.
stamp = $$(cat $(1) pyproject.toml | git hash-object --stdin) $(CURDIR)
define install
	@test "$$(cat $(VENV)/installed-$(2) 2>/dev/null)" = "$(call stamp,$(1))" && $(RUN) -c '' 2>/dev/null || { \
		test -n "$(PYTHON)" || { echo "Python 3.11 or later is missing. On Debian or Ubuntu: sudo apt-get install python3 python3-venv"; exit 1; }; \
		$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. On Debian or Ubuntu: sudo apt-get install python3-venv"; exit 1; }; \
		echo "Installing from $(1), once (a minute or two) ..."; \
		{ $(RUN) -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV); } && \
		$(RUN) -m pip install -qq --disable-pip-version-check --require-hashes -r $(1) && \
		$(RUN) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e . && \
		echo "$(call stamp,$(1))" > $(VENV)/installed-$(2); }
endef

setup: ## install what running needs into .venv (run and demo do it by themselves)
	$(call install,requirements.txt,run)

setup-dev: ## the same, with what testing needs
	$(call install,requirements-dev.txt,dev)
