# The portal's commands. Start with `make help`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
PORT ?= 8000
ARGS ?=
SERVED := postgres or redis or browser or compose
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
# The demo runs on SQLite in one process, whatever servers the environment names for the tests.
DEMO := env -u DATABASE_URL -u CELERY_BROKER_URL DJANGO_SETTINGS_MODULE=demo.settings \
  PORTAL_ORIGIN=http://127.0.0.1:$(PORT) $(MANAGE)
# Long enough for the check of the secret key; protects nothing that is kept.
CHECK_KEY := only-for-checks-and-benches-7Yq2mWv9Lr4Tz8Xc3Nb6Kd1Hs5Jg0Pf
# What a production machine would set; `check --deploy` and the migration check need no server.
CHECK_ENV := PORTAL_DEBUG= DATABASE_URL=sqlite://:memory: \
  CELERY_BROKER_URL=redis://127.0.0.1:6379/0 EMAIL_URL=smtp+tls://mail.example:587 \
  PORTAL_ORIGIN=https://portal.example PORTAL_HOSTS=portal.example PORTAL_PROXIES=1 \
  PORTAL_SECRET_KEY=$(CHECK_KEY) PORTAL_TICKET_KEY=tickets-$(CHECK_KEY) \
  PORTAL_OPEN_DATA_KEY=names-$(CHECK_KEY) PORTAL_HASH_KEY=hashes-$(CHECK_KEY) \
  PORTAL_MFA_KEY=factors-$(CHECK_KEY) PORTAL_STATIC_DIR=/static

help: ## Show this list
	@echo "make demo      runs the portal at http://127.0.0.1:$(PORT)"
	@echo "make test      runs every test"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
	  printf '  %-12s %s\n' "$$name" "$$text"; done

demo: runtime packages ## Set everything up and run the portal (PORT=8000)
	@echo "== Starting the portal (Ctrl-C stops it)"
	@$(DEMO) demo --port $(PORT)

demo-reset: runtime packages ## Start the demo over with fresh data
	@$(DEMO) demo --port $(PORT) --reset

demo-code: runtime ## Print the sign-in codes of the demo's staff
	@$(DEMO) demo_code

# Tests of decisions over plain values: no database, no server, no browser.
PURE := tests/applications/rules tests/kamp/rules tests/programs/rules tests/vouchers/rules \
  $(patsubst %,tests/portal/test_%.py,charts hwpx matching money ties validators) tests/docs

check: dev ## Check style, types, import contracts and the pure tests, in under a minute
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/lint-imports > /dev/null
	@$(BIN)/mypy & types=$$!; $(BIN)/python -m pytest -q -n 1 -m "not ($(SERVED))" $(PURE) \
	  && wait $$types

test: dev packages ## Run every test; ARGS="tests/portal -k money" runs some
	@$(BIN)/python -m tests.run $(ARGS)

bench: dev packages ## Measure against floors taken in the same run
	@PORTAL_SECRET_KEY=$(CHECK_KEY) $(BIN)/python -m bench.servers $(MANAGE) bench --settings bench.settings $(ARGS)

lint: dev ## Check style, types, import contracts, templates, migrations, deployment settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/djlint templates --lint --quiet
	$(CHECK_ENV) $(MANAGE) makemigrations --check --dry-run
	@$(BIN)/python -m bench.servers $(BIN)/python -m tests.migrations || { [ $$? = 2 ] && [ -z "$${CI:-}" ]; }
	$(CHECK_ENV) $(MANAGE) check --deploy --fail-level WARNING

format: dev ## Put the code into its standard form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

migrate: runtime ## Prepare the database named by DATABASE_URL: tables, roles, catalogue
	$(MANAGE) prepare

lock: ## Refresh the hash-pinned locks from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "uv is needed for this: $(PYTHON) -m pip install uv"; exit 1; }
	uv pip compile pyproject.toml --group dev $(LOCK) --output-file requirements-dev.lock $(ARGS)
	uv pip compile pyproject.toml --constraint requirements-dev.lock $(LOCK) --output-file requirements.lock $(ARGS)

# The lock names extras: without them pip would look for a release whose hash is not in the lock.
LOCK := --universal --generate-hashes --no-header --no-strip-extras --quiet

# --- Steps of the above ----------------------------------------------------------------------------

runtime: $(VENV)/runtime.stamp
dev: $(VENV)/dev.stamp

packages:
	@sh deploy/apt.sh "for PDFs in Korean" deploy/apt-runtime.txt \
	  || echo "   Going on without PDFs: the pages say so where one is missing."

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name it with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || sh deploy/apt.sh "to make a virtual environment and PDFs" python3-venv deploy/apt-runtime.txt
	@echo "== Making the virtual environment"
	@$(PYTHON) -m venv $(VENV)

# $(1) is a lock file: install exactly what it pins and print the progress.
define install
	@echo "== Installing $$(grep -c '^[a-z0-9]' $(1)) packages from $(1) (hashes checked)"
	@$(BIN)/python -m pip install --disable-pip-version-check --no-input --progress-bar off \
	  --only-binary :all: --require-hashes -r $(1) \
	  | awk '/^(Collecting|Requirement already)/ { if (++n % 20 == 0) { print "   " n " fetched or found"; fflush() } } \
	         /^Installing collected/ { print "   unpacking"; fflush() } \
	         /^(Successfully|ERROR)/ { print "   done"; fflush() }'
	@touch $@
endef

# The development lock contains the pins of the runtime, so installing one keeps the other valid.
$(VENV)/runtime.stamp: requirements.lock | $(BIN)/python
	$(call install,requirements.lock)

$(VENV)/dev.stamp: requirements-dev.lock | $(BIN)/python
	$(call install,requirements-dev.lock)

.PHONY: help demo demo-reset demo-code test bench lint format migrate lock runtime dev packages
