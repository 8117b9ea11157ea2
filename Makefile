# make env         an environment in .venv with netmon and its locked libraries
# make demo        a simulated country on this machine: make demo FOR=180 VILLAGES=300 DIR=demo PORT=0
# make check       linter, formatter, types, import contracts
# make test        check, then the tests, against real peers
# make acceptance  everything, the slow tests, every bench and every drill too: make acceptance SOAK_MINUTES=30
# make bench       netmon's ICMP sweep beside fping's and others'; BENCH=snmp, exposition or country for another
# make drill       one scenario, a file or one of netmon's own: make drill SCENARIO=storm-300
# make lock        both lock files again; UPGRADE=--upgrade takes newer versions
# make clean       away with everything made here

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: env dev peers demo check test acceptance bench drill lock clean

PYTHON ?= python3
FOR ?= 180
VILLAGES ?= 300
DIR ?= demo
PORT ?= 0
BENCH ?= icmp
SOAK_MINUTES ?= 30
DRILLS = storm-300 storm-5000 isolation

PIP := .venv/bin/python -m pip --quiet --quiet --no-input --disable-pip-version-check
# `python -m venv`, but a Ctrl-C ends it without a traceback.
MAKE_VENV = $(PYTHON) -c 'import signal, venv; signal.signal(signal.SIGINT, signal.SIG_DFL); \
	venv.create(".venv", clear=True, symlinks=True, with_pip=True)'
LOCK = .venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE) --group build

env: .venv/netmon-installed

dev: .venv/dev-installed

.venv/netmon-installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'netmon needs Python 3.11 or later; name it like this: make env PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		(( EUID == 0 )) && command -v apt-get >/dev/null \
			|| { echo 'Please install the Debian package python3-venv first.' >&2; exit 1; }; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get -qq update </dev/null && apt-get -qq --yes install python3-venv </dev/null >/dev/null; }
	@echo 'Making the environment in .venv, this once. It takes about a minute.'
	@$(PIP) --version >/dev/null 2>&1 || $(MAKE_VENV)
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/dev-installed: requirements-dev.lock .venv/netmon-installed
	@echo 'Adding what the checks and tests need.'
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@

peers:
	@tests/install-peers

# A make that is killed leaves no demo behind: the shell that waits for it dies, and the kernel tells the demo.
demo: env
	@setpriv --pdeathsig TERM .venv/bin/netmon demo --for '$(FOR)' --villages '$(VILLAGES)' --dir '$(DIR)' --port '$(PORT)' || (($$? == 130))

check: dev
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet || { echo 'Not formatted; this mends it: .venv/bin/ruff format' >&2; exit 1; }
	@.venv/bin/mypy --no-error-summary
	@report=$$(.venv/bin/lint-imports --no-logo) || { echo "$$report" >&2; exit 1; }

test: peers check
	@.venv/bin/pytest --quiet -m "not slow" --numprocesses 3 --dist loadfile

acceptance: peers check
	@.venv/bin/pytest --quiet --numprocesses 3 --dist loadfile
	@missed=0; for bench in icmp snmp exposition country; do .venv/bin/netmon bench $$bench || missed=1; done; exit $$missed

bench: peers dev
	@exec .venv/bin/netmon bench $(BENCH)

drill: env
	@exec .venv/bin/netmon drill $(or $(SCENARIO),$(error Say which scenario: make drill SCENARIO=storm-300))

lock: .venv/bin/uv
	@$(LOCK) --output-file requirements.lock
	@$(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock

.venv/bin/uv:
	@$(PIP) --version >/dev/null 2>&1 || $(MAKE_VENV)
	@$(PIP) install uv

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	@find netmon exporters tests -name __pycache__ -prune -exec rm -rf {} +
