# Everything that builds, runs and checks Lyceum. `make` lists it.

GO     ?= go
BINARY := bin/lyceum

# Narrow a target to some packages: make lint PKG=./internal/catalog/...
PKG ?= ./...

# How long each fuzz target runs, and what the tests of one package may take.
FUZZTIME    ?= 20s
TESTTIMEOUT ?= 30m

# The linter has a module of its own, so that its dependencies stay out of ours.
LINT := $(GO) tool -modfile=tools/go.mod golangci-lint

# Runs a command with one Postgres for all test processes; it ends with the command.
SERVERS := $(GO) run ./internal/platform/pgtest/withservers

# What generators write; `make check-generate` compares it with what is committed.
GENERATED := internal/gen docs/access-matrix.csv web/types

# Node packages: the clients and auditors that the tests drive.
NODE_LOCKS   := $(wildcard e2e/package-lock.json e2e/*/package-lock.json web/package-lock.json)
NODE_MODULES := $(NODE_LOCKS:package-lock.json=node_modules/.package-lock.json)

# Files that only the attack needs: with this tag a test can switch the first wall off.
TAGS := attack

# The packages whose tests are not run by a target of their own.
UNIT = $$($(GO) list $(PKG) | grep -v -e '^lyceum/e2e$$' -e '^lyceum/e2e/stack$$' -e '^lyceum/internal/learning/zeroloss$$' -e '^lyceum/internal/arch$$' -e '^lyceum/internal/gen/')

.DEFAULT_GOAL := help

# The generators build on each other, and tests share two cores: one thing at a time, whatever -j says.
.NOTPARALLEL:

##@ Use

.PHONY: run
run: install build ## Start everything on http://acme.localhost:8080 (PORT, ADMIN_PORT, LYCEUM_HOME); Ctrl-C stops it
	@exec $(BINARY) dev

.PHONY: reset
reset: build ## Delete all local state: databases, files, logs; stop what was left behind
	@$(BINARY) reset

.PHONY: build
build: ## Build bin/lyceum
	@$(GO) build -o $(BINARY) ./cmd/lyceum

.PHONY: install
install: ## Find or install what a local Lyceum stands on (Postgres, Redis)
	@sh internal/platform/local/install.sh

##@ Check

.PHONY: test
test: ## Everything CI runs: generated code, vet, lint, architecture, race-enabled tests, the attack, end-to-end journeys
	@$(MAKE) check-generate
	@$(MAKE) vet
	@$(MAKE) lint
	@$(MAKE) arch
	@$(MAKE) race
	@$(MAKE) attack
	@$(MAKE) e2e

.PHONY: quick
quick: vet node ## Vet, and test without the race detector
	$(SERVERS) $(GO) test -short -shuffle=on $(UNIT)

.PHONY: check-generate
check-generate: generate ## Fail when generating changes what is committed
	@git diff --exit-code -- $(GENERATED) || { echo "Generated code is stale: run 'make generate' and commit $(GENERATED)." >&2; exit 1; }
	@new=$$(git ls-files --others --exclude-standard -- $(GENERATED)); test -z "$$new" || { echo "Generated, not committed:" >&2; echo "$$new" >&2; exit 1; }

.PHONY: vet
vet: ## Run go vet
	$(GO) vet $(PKG)
	$(GO) vet -tags=$(TAGS) ./cmd/... ./internal/policy/...

.PHONY: lint
lint: ## Run golangci-lint, every linter on (PKG=./… narrows it)
	$(LINT) run $(PKG)

.PHONY: fmt
fmt: ## Format the Go code as the linter wants it
	$(LINT) fmt $(PKG)

.PHONY: fix
fix: ## Let the linter repair what it can
	$(LINT) run --fix $(PKG)

.PHONY: arch
arch: ## Test who imports whom, who writes what, and that every entity has a tenant
	$(GO) test -count=1 ./internal/arch

.PHONY: race
race: node ## Run all tests but the journeys, race detector on, in random order
	$(SERVERS) $(GO) test -race -shuffle=on -timeout=$(TESTTIMEOUT) $(UNIT)

.PHONY: e2e
e2e: node ## Run the journeys: real clients and a browser against a running server
	@mkdir -p bin; $(GO) test -count=1 -timeout=$(TESTTIMEOUT) ./e2e ./e2e/stack ./internal/learning/zeroloss >bin/e2e.log 2>&1 || { \
		cat bin/e2e.log; echo; echo "What failed (the servers' logs stand above, and in bin/e2e.log):"; \
		grep -E '^ *--- FAIL|^ +[a-z0-9_]+_test\.go:[0-9]+: |^ +FAIL |^panic:' bin/e2e.log | cut -c1-400; exit 1; }
	@grep '^ok ' bin/e2e.log

.PHONY: zeroloss
zeroloss: ## Kill the API and its Postgres under 2,000 learners, and count what was lost
	$(GO) test -count=1 -v -timeout=$(TESTTIMEOUT) ./internal/learning/zeroloss -learners=2000 -beats=60

.PHONY: attack
attack: ## Attack one tenant from another: every test named TestAttack…, and print the figures
	@packages=$$(grep -rl --include='*_test.go' '^func TestAttack' cmd graph internal jobs search e2e | sed 's|^|./|; s|/[^/]*$$||' | sort -u); \
	test -n "$$packages" || { echo "No test is named TestAttack…: nothing was attacked." >&2; exit 1; }; \
	mkdir -p bin; started=$$(date +%s); \
	$(SERVERS) $(GO) test -tags=$(TAGS) -count=1 -parallel=4 -v -timeout=$(TESTTIMEOUT) -run '^TestAttack' $$packages >bin/attack.log 2>&1 || { cat bin/attack.log; exit 1; }; \
	sed -n -E -e '/^ok /p' -e 's/^ +attack_[a-z_]+_test.go:[0-9]+: /  /p' bin/attack.log; \
	echo "attacked for $$(($$(date +%s) - started)) s; the whole log is bin/attack.log"

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (20s)
	@GO="$(GO)" sh tools/fuzz.sh $(FUZZTIME)

# What `make bench` measures: rows (small, seed, large), and further flags, such as BENCH="--only W1,W2 --rounds 1".
SIZE   ?= small
BENCH  ?=
LOAD   ?=
GROWTH ?=

.PHONY: bench
bench: install build bench/peer/node_modules/.package-lock.json ## Measure Lyceum beside PostGraphile and two limits (SIZE=seed, BENCH="--only W1")
	@$(BINARY) bench --size $(SIZE) $(BENCH)

.PHONY: bench-load
bench-load: install build ## Let 8,000 learners in at once, and count what is slow, refused or lost (LOAD="--learners 500 --size small")
	@$(BINARY) bench load $(LOAD)

.PHONY: bench-growth
bench-growth: install build ## Ask the same from 100 to 10,000 courses and 1 to 10 million progress rows (GROWTH="--steps 1m,3m")
	@$(BINARY) bench growth --report bench/growth.json $(GROWTH)

.PHONY: microbench
microbench: ## Run the benchmarks of single functions, with allocations
	$(SERVERS) $(GO) test -run '^$$' -bench . -benchmem $(UNIT)

##@ Change

.PHONY: generate
generate: generate-access generate-ent generate-graphql generate-client generate-web ## Generate all that follows from schema.graphql and ent/schema

.PHONY: generate-ent
generate-ent: ## ent/schema → internal/gen/ent
	$(GO) run ./ent/entc.go

.PHONY: generate-graphql
generate-graphql: ## schema.graphql → internal/gen/graphql and internal/gen/model, with what writes plain objects straight to JSON
	$(GO) run ./graph/lean/generate

.PHONY: generate-access
generate-access: ## schema.graphql → docs/access-matrix.csv; fails for a field that says no @access
	$(GO) run ./graph/access/generate

.PHONY: generate-client
generate-client: ## schema.graphql and the client's operations → the authoring client
	$(GO) tool genqlient internal/author/client/genqlient.yaml

.PHONY: migration
migration: ## Write the SQL that takes the database to the schema: make migration name=add_badges
	@test -n "$(name)" || { echo "Name the migration: make migration name=add_badges" >&2; exit 2; }
	@GO="$(GO)" $(SERVERS) sh tools/migration.sh "$(name)"

.PHONY: node
node: $(NODE_MODULES) ## Install the node packages that the tests need

.PHONY: generate-web
generate-web: web/node_modules/.package-lock.json ## schema.graphql and the ready documents → the learner app's types
	cd web && npm run --silent generate

# Browsers come from the system, never from a package's install script.
%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && PUPPETEER_SKIP_DOWNLOAD=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund
	@touch $@

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
