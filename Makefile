# The commands of this repository. Each of them builds or refreshes what it needs first; `make help` lists them.

# No two goals of one call run side by side: both would set up the same environment.
.NOTPARALLEL:
.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv
PY := $(VENV)/bin/python
NPM_ASSETS := node_modules/.vitrine-installed
CLIENTS := tests/clients
THEME := themes/starter

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The repository's root is on the path: `schema`, `core` … are found here and nowhere else.
export PYTHONPATH := $(CURDIR)

.PHONY: help
help: ## this list
	@echo "make <goal>, from the root of the repository:"
	@echo
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)$$/\1\t\2/p' Makefile | while IFS="$$(printf '\t')" read -r goal text; do \
		printf '  %-10s %s\n' "$$goal" "$$text"; done
	@echo
	@echo 'ARGS="…" goes to the tests and benchmarks:  make test ARGS="tests/order -k cancel -n 0"'
	@echo "PORT, DATABASE_URL and REDIS_URL change what run and test use; bench has servers of its own."

.PHONY: run
run: setup assets ## everything, here: PostgreSQL, Redis, migrations, demo shops, API and worker; Ctrl-C ends it
	@$(PY) -m dev.run --end-with-parent

.PHONY: test
test: setup assets client-libraries theme ## the tests, on PostgreSQL and Redis of their own (ARGS: pytest's arguments)
	@$(PY) -m dev.test $(ARGS)

.PHONY: fuzz
fuzz: setup assets ## random queries, compared with plain loops over plain rows (EXAMPLES: how many, 20000 by default)
	@EXAMPLES=$${EXAMPLES:-20000} $(PY) -m dev.test tests/oracle -n 0 -q $(ARGS)

.PHONY: check
check: setup theme ## format, lint, types, layers, schema.graphql, migrations and the starter theme: what CI asks besides the tests
	@$(PY) -m dev.check

.PHONY: bench
bench: setup ## the benchmarks (ARGS: which, see benchmarks/); they write benchmarks/results/
	@$(PY) -m benchmarks $(ARGS)

.PHONY: format
format: setup ## format the code and mend what the linter can mend
	@$(PY) -m ruff format
	@$(PY) -m ruff check --fix

.PHONY: schema
schema: setup ## write schema.graphql from the code
	@$(PY) -m schema > schema.graphql.new || { rm -f schema.graphql.new; exit 1; }
	@mv schema.graphql.new schema.graphql
	@echo "schema.graphql written"

.PHONY: migration
migration: setup ## a new migration from the difference between models and database: make migration NAME="add order notes"
	@test -n "$(NAME)" || { echo 'Name it: make migration NAME="add order notes"' >&2; exit 2; }
	@$(PY) -m dev.services -- $(PY) -m alembic revision --autogenerate -m "$(NAME)"

.PHONY: lock
lock: setup ## pin requirements.in anew into requirements.lock (ARGS="--upgrade" takes newer versions)
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links $(ARGS) requirements.in -o requirements.lock
	@echo "requirements.lock written; the next goal installs it"

.PHONY: clean
clean: ## remove environment, assets and caches (.data with the shops stays: remove it yourself)
	@rm -rf $(VENV) node_modules $(CLIENTS)/node_modules $(THEME)/node_modules $(THEME)/.next htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
	@echo "Clean."

# ------------------------------------------------------------------------------------------------------------- set-up

# The stamp is a copy of the lock that was installed: the environment is rebuilt when the content differs, whatever
# the files' times say (a fresh clone, a changed branch).
.PHONY: setup
setup:
	@cmp -s requirements.lock $(VENV)/requirements.lock && $(PY) -c '' 2>/dev/null || $(MAKE) --no-print-directory environment

.PHONY: environment
environment:
	@for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3.14 python3; do \
		if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "No Python 3.11 or newer was found (tried: $(PYTHON) python3.13 python3.12 python3.11 python3.14 python3)." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python $(MAKECMDGOALS)" >&2; exit 1; \
	fi; \
	if ! $$python -c 'import venv, ensurepip' 2>/dev/null; then \
		echo "$$python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	fi; \
	started=$$(date +%s); \
	if ! $(PY) -m pip --version >/dev/null 2>&1; then \
		echo "Making $(VENV) with $$($$python --version) …"; \
		$$python -m venv --clear $(VENV) || exit 1; \
	fi; \
	total=$$(grep -c '^[a-zA-Z0-9]' requirements.lock); \
	echo "Installing $$total packages from requirements.lock (the first time takes a minute or two) …"; \
	$(PY) -m pip install --require-hashes --no-input --progress-bar off -r requirements.lock > $(VENV)/install.log 2>&1 & install=$$!; \
	trap 'kill $$install 2>/dev/null; exit 130' INT TERM; \
	while kill -0 $$install 2>/dev/null; do sleep 1; \
		[ -t 1 ] && printf '\r  %s of %s read, %s s ' "$$(grep -c '^Collecting' $(VENV)/install.log)" "$$total" "$$(($$(date +%s) - started))"; \
	done; [ -t 1 ] && printf '\r\033[K'; \
	if ! wait $$install; then \
		tail -n 15 $(VENV)/install.log >&2; \
		echo "The dependencies could not be installed; all of pip's words are in $(VENV)/install.log" >&2; exit 1; \
	fi; \
	cp requirements.lock $(VENV)/requirements.lock; \
	echo "Dependencies installed in $$(($$(date +%s) - started)) s."

# GraphiQL's files. Without npm, or when it fails, the page loads pinned files from a CDN instead: never an error here.
.PHONY: assets
assets:
	@if [ ! -f package-lock.json ] || cmp -s package-lock.json $(NPM_ASSETS); then exit 0; fi; \
	if ! command -v npm >/dev/null 2>&1; then \
		echo "npm is not installed: GraphiQL will load its files from a CDN (everything else works offline)."; exit 0; \
	fi; \
	echo "Installing GraphiQL's files with npm …"; started=$$(date +%s); \
	if npm ci --no-audit --no-fund --loglevel=error; then \
		cp package-lock.json $(NPM_ASSETS); echo "GraphiQL's files installed in $$(($$(date +%s) - started)) s."; \
	else \
		echo "npm could not install GraphiQL's files: GraphiQL will load them from a CDN."; \
	fi

# The GraphQL libraries that tests/clients tries; without npm those tests are skipped and say so.
.PHONY: client-libraries
client-libraries:
	@if cmp -s $(CLIENTS)/package-lock.json $(CLIENTS)/node_modules/.vitrine-installed || ! command -v npm >/dev/null 2>&1; then exit 0; fi; \
	echo "Installing the GraphQL clients that are tested, with npm …"; started=$$(date +%s); \
	npm ci --prefix $(CLIENTS) --ignore-scripts --no-audit --no-fund --loglevel=error && \
	cp $(CLIENTS)/package-lock.json $(CLIENTS)/node_modules/.vitrine-installed && \
	echo "Installed in $$(($$(date +%s) - started)) s."

# What the starter theme is built and checked with; without npm its checks and tests are skipped and say so.
.PHONY: theme
theme: ## install the starter theme's packages
	@if cmp -s $(THEME)/package-lock.json $(THEME)/node_modules/.vitrine-installed || ! command -v npm >/dev/null 2>&1; then exit 0; fi; \
	echo "Installing the starter theme's packages with npm …"; started=$$(date +%s); \
	npm ci --prefix $(THEME) --ignore-scripts --no-audit --no-fund --loglevel=error && \
	cp $(THEME)/package-lock.json $(THEME)/node_modules/.vitrine-installed && \
	echo "Installed in $$(($$(date +%s) - started)) s."

.PHONY: theme-env
theme-env: setup ## what `npm run dev` of the starter theme needs, beside a running `make run` (ARGS="--shop kumo-paper")
	@$(PY) -m dev.theme $(ARGS)
