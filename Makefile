# Two commands do everything, set-up included:
#
#   make run     the server with GraphiQL and the sandbox marketplaces
#   make test    the tests, on SQLite
#
# Needed: Python 3.11 or later, make. Everything installed goes to .venv and web/node_modules.
# Each line below is a command you could type yourself; nothing has to be activated.

PYTHON ?= python3
TEST_DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/test
RUN := .venv/bin/python
PYTEST := $(RUN) -m pytest
# One process a core; the tests of a module stay together, since they share what it set up.
PARALLEL ?= -n auto --dist loadfile
FAST := -m "not slow and not browser and not typescript and not peers"
# Tests that no database is behind, or none that they could choose, so that one run is enough.
WITHOUT_DATABASE := tests/clients tests/domain tests/exports tests/reading tests/sandbox tests/upstream
WITHOUT_DATABASE += $(patsubst %,tests/test_%.py,architecture benchmarks config deploy docs)
WITHOUT_DATABASE += $(patsubst %,tests/test_%.py,example_clients examples habits isolation locks)
WITHOUT_DATABASE += $(patsubst %,tests/test_%.py,real_listings schema_guard server)
# Tests of HTTP: their statements are those of tests/db, tests/resolvers and tests/schema.
OF_HTTP := tests/attacks tests/conformance tests/web

export PYTHON
# CHECKED: by the make that called this one.
STALE := $(if $(CHECKED),,$(shell PYTHON="$(PYTHON)" .ci/fresh-venv))
# Whether npm is there, looked for only where its files have to be installed.
NPM := $(if $(CHECKED),$(shell [ web/node_modules/.installed -nt web/package-lock.json ] || npm --version 2>/dev/null))
MAKEFLAGS += --silent --no-print-directory
.DELETE_ON_ERROR:
.PHONY: help run setup packages test test-postgres slow slow-reduced e2e typescript peers fuzz check lint page-types page-style types schema tables settings schema-current schema-guard bench bench-graph bench-catalogue bench-refresh bench-page clean

help:
	echo "make run            start the server with the sandbox marketplaces"
	echo "make setup          only install what the server needs"
	echo "make test           run the tests on SQLite"
	echo "make test-postgres  run the tests on PostgreSQL (TEST_DATABASE_URL)"
	echo "make slow           kills, volumes, peers, real time, random operations: benchmarks/SLOW.md"
	echo "make e2e            drive the page and GraphiQL in a real browser (needs Chromium)"
	echo "make typescript     build and run the TypeScript example (needs Node.js 20)"
	echo "make peers          run Apollo, urql, graphql-request, Relay and gql against the server"
	echo "make fuzz           send random operations for five minutes (FUZZ_SECONDS)"
	echo "make check          lint, types, schema.graphql, tests on both databases"
	echo "make page-types     check the page's scripts against the types of the graph (needs Node.js 20)"
	echo "make page-style     check how scripts are written; FIX=--write formats them (needs Node.js 20)"
	echo "make schema         rewrite schema.graphql"
	echo "make tables         rewrite db/migrations/recorded.sql, by which a first start makes its tables"
	echo "make settings       rewrite the tables of docs/configuration.md, and .env.example"
	echo "make schema-guard   compare schema.graphql with the one before: no unannounced break"
	echo "make bench          count marketplace calls and rewrite benchmarks/RESULTS.md"
	echo "make bench-catalogue  pages of a million products, each filter with each order"
	echo "make bench-page     how soon the page is there with 20,000 products: benchmarks/PAGE.md"
	echo "make bench-refresh  the planner of refreshes against others: benchmarks/REFRESH.md"
	echo "make bench-claims   finding, claiming and storing due work of 100,000 products and rows"
	echo "make bench-graph    compare the graph with a server without one: benchmarks/GRAPH.md"
	echo "make clean          remove everything that was installed or made, except var/"

run: packages
	exec $(RUN) server.py serve --demo

setup: packages

# Python's and npm's side by side.
packages:
	$(MAKE) -j2 CHECKED=yes .venv/.run graphiql-if-possible

test: .venv/.dev web/node_modules/.installed tests/conformance/node_modules/.installed
	env -u TEST_DATABASE_URL $(PYTEST) $(PARALLEL) $(FAST)

test-postgres: .venv/.dev web/node_modules/.installed tests/conformance/node_modules/.installed
	TEST_DATABASE_URL="$(TEST_DATABASE_URL)" $(PYTEST) $(PARALLEL) $(FAST) $(patsubst %,--ignore=%,$(WITHOUT_DATABASE) $(OF_HTTP))

# One at a time, since these measure. An hour, of which random queries take most; needs redis-server.
slow: .venv/.dev .venv/.fuzz
	env -u TEST_DATABASE_URL $(PYTEST) -m slow --whole --figures benchmarks/SLOW.md
	mkdir -p build
	$(RUN) -m tests.fuzz $(FUZZ_SECONDS) > build/fuzz.txt || { cat build/fuzz.txt; exit 1; }
	printf '\nRandom operations: %s.\n' "$$(head -n 1 build/fuzz.txt)" >> benchmarks/SLOW.md

# The same with small volumes, on whichever database TEST_DATABASE_URL names.
SLOW ?= tests
slow-reduced: .venv/.dev
	$(PYTEST) $(PARALLEL) -m slow $(SLOW)

e2e: .venv/.dev web/node_modules/.installed
	$(PYTEST) $(PARALLEL) -m browser tests/e2e

typescript: .venv/.dev examples/typescript/node_modules/.installed
	$(PYTEST) -m typescript tests/test_*.py

peers: .venv/.dev tests/peers/node_modules/.installed
	$(PYTEST) -m peers tests/peers

check: lint types schema-current schema-guard test test-postgres

# The page's scripts too, where Node.js is.
lint: .venv/.dev $(if $(shell command -v npm),page-types page-style)
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .

# The page's scripts against types of schema.graphql and its operations: four seconds.
page-types: examples/typescript/node_modules/.installed
	node web/types/generate.mjs
	node examples/typescript/node_modules/typescript/bin/tsc -p web/tsconfig.json

# Formats the scripts of the page and of the tests anew with `make page-style FIX=--write`.
page-style: web/lint/node_modules/.installed
	node web/lint/node_modules/@biomejs/biome/bin/biome check --error-on-warnings --log-level=warn $(FIX) .

types: .venv/.dev
	$(RUN) -m mypy .

schema: .venv/.run
	mkdir -p build
	$(RUN) server.py schema > build/schema.graphql
	mv build/schema.graphql schema.graphql

tables: .venv/.dev
	mkdir -p build
	$(RUN) -m tests.tables > build/recorded.sql
	mv build/recorded.sql db/migrations/recorded.sql

settings: .venv/.run
	mkdir -p build
	$(RUN) server.py settings docs/configuration.md > build/configuration.md
	mv build/configuration.md docs/configuration.md
	$(RUN) server.py settings --env > build/env.example
	mv build/env.example .env.example

schema-current: .venv/.run
	$(RUN) server.py schema | cmp -s - schema.graphql || \
		{ echo "schema.graphql is not what the server serves: run 'make schema'." >&2; exit 1; }

schema-guard: .venv/.run
	$(RUN) -m tests.schema_guard

# Random operations against a sandbox server of its own, for FUZZ_SECONDS.
FUZZ_SECONDS ?= 300
fuzz: .venv/.dev .venv/.fuzz
	$(RUN) -m tests.fuzz $(FUZZ_SECONDS)

# A million products in build/catalogue.db, or in the database CATALOGUE_URL; the first time takes long.
CATALOGUE_URL ?= sqlite://build/catalogue.db
bench-catalogue: .venv/.run
	mkdir -p build
	$(RUN) -m benchmarks.catalogue "$(CATALOGUE_URL)" 1000000

# A quarter of an hour: calls go at the marketplaces' real pace, and 64,000 operations take a while.
bench: .venv/.run
	$(RUN) -m benchmarks

# The page in Chromium.
bench-page: .venv/.dev web/node_modules/.installed
	$(RUN) -m benchmarks.page

bench-refresh: .venv/.run
	$(RUN) -m benchmarks.refresh

bench-graph: .venv/.dev benchmarks/peers/node_modules/.installed
	$(RUN) -m benchmarks.graph

# What the engine itself costs, over CATALOGUE_URL with CATALOGUE_ROWS products.
CATALOGUE_ROWS ?= 100000
bench-claims: .venv/.run
	mkdir -p build
	$(RUN) -m benchmarks.claims "$(CATALOGUE_URL)" $(CATALOGUE_ROWS)

clean:
	rm -rf web/node_modules web/lint/node_modules tests/conformance/node_modules tests/peers/node_modules benchmarks/peers/node_modules
	rm -rf examples/typescript/node_modules examples/typescript/dist .venv build .mypy_cache .pytest_cache .ruff_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: made again only when a lock file changes.

.venv/.run: requirements.lock
	.ci/install requirements.lock
	touch $@

.venv/.dev: requirements-dev.lock
	.ci/install requirements-dev.lock
	touch $@

.venv/.fuzz: tests/fuzz/requirements.lock | .venv/.dev
	.ci/install tests/fuzz/requirements.lock
	touch $@

web/node_modules/.installed: web/package-lock.json | .venv/.run
	web/install

# The formatter and linter of scripts, a hundred megabytes that only "make lint" needs.
web/lint/node_modules/.installed: web/lint/package-lock.json | .venv/.run
	web/install web/lint

examples/typescript/node_modules/.installed: examples/typescript/package-lock.json
	cd examples/typescript && npm ci --loglevel=error >/dev/null
	touch $@
# The official audits of GraphQL over HTTP, for the tests.
tests/conformance/node_modules/.installed: tests/conformance/package-lock.json | .venv/.run
	web/install tests/conformance

# Servers of others, for "make bench-graph".
benchmarks/peers/node_modules/.installed: benchmarks/peers/package-lock.json | .venv/.run
	web/install benchmarks/peers

# Clients of others, for "make peers".
tests/peers/node_modules/.installed: tests/peers/package-lock.json | .venv/.run
	web/install tests/peers

# The server works without GraphiQL and the page: both then say how to get them.
.PHONY: graphiql-if-possible
graphiql-if-possible: | $(if $(NPM),,.venv/.run)
	[ web/node_modules/.installed -nt web/package-lock.json ] || web/install || true
