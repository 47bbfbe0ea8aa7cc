# Everything a person or CI does here. `make` alone lists the targets.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO  ?= go
BIN := $(CURDIR)/.tools/bin

# Tools written in Go are pinned here, all others by the lock files in test/tools.
GOFUMPT_MODULE  := mvdan.cc/gofumpt
GOFUMPT_VERSION := v0.12.0
GOFUMPT_PACKAGE := $(GOFUMPT_MODULE)
LINT_MODULE     := github.com/golangci/golangci-lint/v2
LINT_VERSION    := v2.15.0
LINT_PACKAGE    := $(LINT_MODULE)/cmd/golangci-lint

# Python programs, each in its own virtual environment, because they need different versions of the
# same libraries.
PYTHON             ?= python3

# Packages with goroutines, locks or processes. If one is not there, `make race` fails.
RACE_DIRS := internal/localecs internal/control internal/local internal/adapter internal/wire cmd
RACE      := $(addsuffix /...,$(addprefix ./,$(RACE_DIRS)))

FUZZTIME ?= 10s
BENCH    ?= .

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

DYNAMODB_LOCAL := $(CURDIR)/.tools/dynamodb-local
.PHONY: dynamodb-local
dynamodb-local: ## Download DynamoDB Local for the tests (needs Maven and Java 17)
	@mkdir -p $(DYNAMODB_LOCAL); cmp -s test/tools/dynamodb-local/pom.xml $(DYNAMODB_LOCAL)/pom.xml || { \
		echo "downloading DynamoDB Local"; rm -f $(DYNAMODB_LOCAL)/*; \
		mvn -B -q -f test/tools/dynamodb-local/pom.xml dependency:copy-dependencies -DoutputDirectory=$(DYNAMODB_LOCAL) -DincludeScope=runtime \
		&& cp test/tools/dynamodb-local/pom.xml $(DYNAMODB_LOCAL)/pom.xml; }

# Installs what the tests can use besides Go, if the toolchain for it is here. The summary names what is
# absent and was skipped; with CI=true that is a failure.
.PHONY: test-parts
test-parts:
	@if command -v java >/dev/null && command -v mvn >/dev/null; then $(MAKE) --no-print-directory dynamodb-local; fi
	@if command -v $(PYTHON) >/dev/null; then $(MAKE) --no-print-directory tools-aws; fi
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory tools-iam tools-axe; fi
	@$(MAKE) --no-print-directory chromium

.PHONY: test
test: test-announce test-parts ## Run all tests, with their progress and a closing summary
	@status=0; $(GO) test -json -timeout 20m -p $(AT_ONCE) $(TESTFLAGS) $(LONGEST) ./... 2>&1 | $(GO) run ./test/progress || status=$$?; \
	[ -e $(DYNAMODB_LOCAL)/pom.xml ] && command -v java >/dev/null || echo "skipped: the DynamoDB store's tests, since Java or Maven is not installed"; \
	[ -e .tools/ministack/made-of ] || echo "skipped: the stories on a deployed stack, since Python is not installed"; \
	[ -e .tools/iam-simulate/made-of ] || echo "skipped: the evaluation of the stack's policies, since Node.js is not installed"; \
	command -v terraform tofu >/dev/null || echo "skipped: Terraform's own look at deploy/terraform and render --terraform, since neither it nor OpenTofu is installed; the recorded schema of its provider was asked instead"; \
	command -v chromium-headless-shell chromium chromium-browser google-chrome >/dev/null || echo "skipped: the pages in a browser, since Chromium is not installed"; \
	command -v zsh >/dev/null || echo "skipped: the completion in zsh, since it is not installed"; \
	exit $$status

# The packages that take longest. They begin first, so that none of them runs alone at the end.
LONGEST := ./test/aws ./test/browser ./internal/adapter/dynamo ./internal/wire/sweep ./internal/control ./test/simulation

# How many packages are tested at once: one more than there are processors, because test/aws
# spends most of its two minutes waiting.
AT_ONCE = $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))

# Compiling and testing leave garbage of three times the memory in use. That saves a tenth of their
# processor time for 40 to 120 MB more each.
test: export GOGC = 300

# Flags of go test; .ci/run adds more.
TESTFLAGS ?=

# Says what will happen before a long time without output.
.PHONY: test-announce
test-announce:
	@[ -e $(DYNAMODB_LOCAL)/pom.xml ] && [ -e .tools/ministack/made-of ] && [ -e .tools/sam/made-of ] || \
		echo "test: the first run downloads Go modules and, where Java and Python are installed, DynamoDB Local (50 MB) and the SAM CLI with an AWS emulator (450 MB) into .tools; that takes one to three minutes"
	@echo "test: compiling and running all packages takes about four minutes on two cores the first time; packages that have not changed are not run again"

.PHONY: vet
vet: ## Run go vet
	$(GO) vet ./...

.PHONY: fmt
fmt: gofumpt ## Format all Go files
	$(BIN)/gofumpt -w .

.PHONY: fmt-check
fmt-check: gofumpt ## Fail if a Go file is not formatted
	@bad=$$($(BIN)/gofumpt -l .); if [ -n "$$bad" ]; then \
		echo "not formatted (run make fmt):"; echo "$$bad"; exit 1; fi

.PHONY: lint
lint: golangci-lint ## Run golangci-lint by .golangci.yml
	$(BIN)/golangci-lint run ./...

# These are left out because they take minutes under the race detector: a count of calls in 44 sweeps of
# the same code as the tests beside it, two tables that fail each call of a handler, one handler at
# a time, and seven of nine herds (the two that stay have slow answers and sweeps beside one another).
.PHONY: race
race: ## Run the packages with concurrency under the race detector (needs a C compiler)
	@[ "$$($(GO) env CGO_ENABLED)" = 1 ] || { echo "the race detector needs a C compiler: install gcc or clang"; exit 1; }
	$(GO) test -race -timeout 20m $(TESTFLAGS) -skip '^(TestIdleMinute|TestAFailedCallIsSaid|TestAConflictIsSaid)$$|^TestHerd$$/^(0s|250ms|500ms,_in)' $(filter-out ./test/%,$(LONGEST)) $(RACE)

.PHONY: bench
bench: ## Run the benchmarks (BENCH=pattern)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...
	cd test/peers && $(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

.PHONY: peers
peers: ## Hold the cron engine against those of other libraries (docs/cron-peers.md; BENCH measures them)
	cd test/peers && $(GO) vet ./... && $(GO) test ./...

RUNS ?= 1000000
SEED ?=
.PHONY: simulate
simulate: ## Play RUNS random runs and check the promises (SEED=n repeats)
	@$(GO) run ./test/simulation/cmd/simulate -runs $(RUNS) $(if $(SEED),-seed $(SEED))

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (10s)
	@found=0; while IFS=: read -r file line; do found=1; \
		target=$$(sed -E 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/' <<<"$$line"); \
		echo "fuzz $$target in $$(dirname "$$file") for $(FUZZTIME)"; \
		$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 200x "./$$(dirname "$$file")"; \
	done < <(grep -rE '^func Fuzz[A-Z]' --include='*_test.go' --exclude-dir=.tools . | sed 's,^\./,,'); \
	[ $$found = 1 ] || { echo "no fuzz target was found"; exit 1; }

# The generated files, and the test that writes them with -update.
GENERATED     := docs/stop-reasons.md
GENERATE_PKG  := ./internal/stop
GENERATE_TEST := TestDocsAreCurrent

.PHONY: generate
generate: ## Write the generated files anew
	@$(GO) test -count=1 -v -run '^$(GENERATE_TEST)$$' $(GENERATE_PKG) -update | grep -e '--- PASS: $(GENERATE_TEST)' \
		|| { echo "$(GENERATE_TEST) did not write $(GENERATED)"; exit 1; }

.PHONY: docs-check
docs-check: ## Fail if a generated file or go.mod is not current
	@before=$$(git hash-object $(GENERATED)); $(MAKE) --no-print-directory generate; \
	if [ "$$before" != "$$(git hash-object $(GENERATED))" ]; then \
		echo "was out of date and is written anew, review and commit it: $(GENERATED)"; exit 1; fi
	$(GO) mod tidy -diff

.PHONY: check
check: ## Run all that CI runs
	@.ci/run

.PHONY: tools
tools: gofumpt golangci-lint ## Install the pinned tools into .tools/bin

# installed asks the binary itself for its version, so that a changed pin, or a change of Go, installs
# the tool again.
define installed
$(GO) version -m $(BIN)/$(1) 2>/dev/null | awk -v m='$(2)' -v v='$(3)' -v go="$$($(GO) env GOVERSION)" \
	'NR == 1 {built = ($$NF == go)} $$1 == "mod" && $$2 == m && $$3 == v {found = 1} END {exit !(built && found)}'
endef

.PHONY: gofumpt
gofumpt:
	@$(call installed,gofumpt,$(GOFUMPT_MODULE),$(GOFUMPT_VERSION)) || \
		{ echo "installing gofumpt $(GOFUMPT_VERSION)"; GOFLAGS= GOBIN=$(BIN) $(GO) install $(GOFUMPT_PACKAGE)@$(GOFUMPT_VERSION); }

.PHONY: golangci-lint
golangci-lint:
	@$(call installed,golangci-lint,$(LINT_MODULE),$(LINT_VERSION)) || \
		{ echo "installing golangci-lint $(LINT_VERSION)"; GOFLAGS= GOBIN=$(BIN) $(GO) install $(LINT_PACKAGE)@$(LINT_VERSION); }

.PHONY: tools-aws
tools-aws: ## Install the SAM CLI and the AWS emulator into .tools (needs Python 3.10 or newer)
	@$(call venv,sam)
	@$(call venv,ministack)

# venv creates a virtual environment with exactly the packages of a lock file, unless it exists.
define venv
cmp -s test/tools/$(1)/requirements.txt .tools/$(1)/made-of || { echo "installing $(1) for Python"; rm -rf .tools/$(1); \
	$(PYTHON) -m venv .tools/$(1) && .tools/$(1)/bin/pip install -q --disable-pip-version-check --no-deps --require-hashes -r test/tools/$(1)/requirements.txt \
	&& cp test/tools/$(1)/requirements.txt .tools/$(1)/made-of; }
endef

.PHONY: tools-lock
tools-lock: ## Lock what requirements.in of the SAM CLI and the AWS emulator name, with hashes (needs uv)
	@for tool in sam ministack; do (cd test/tools/$$tool && uv pip compile -q --universal --python-version 3.10 --generate-hashes --no-header requirements.in -o requirements.txt); done

IAM_SIMULATE := .tools/iam-simulate
.PHONY: tools-iam
tools-iam: ## Install the evaluator of IAM policies into .tools (needs Node.js 20 or newer)
	@cmp -s test/tools/iam-simulate/package-lock.json $(IAM_SIMULATE)/made-of || { \
		echo "installing the evaluator of IAM policies"; rm -rf $(IAM_SIMULATE); mkdir -p $(IAM_SIMULATE) \
		&& cp test/tools/iam-simulate/package*.json $(IAM_SIMULATE) && (cd $(IAM_SIMULATE) && npm ci --ignore-scripts --no-audit --no-fund >/dev/null) \
		&& cp test/tools/iam-simulate/package-lock.json $(IAM_SIMULATE)/made-of; }
	@cp test/tools/iam-simulate/simulate.mjs $(IAM_SIMULATE)

AXE := .tools/axe
.PHONY: tools-axe
tools-axe: ## Install the judge of accessibility into .tools (needs Node.js)
	@cmp -s test/tools/axe/package-lock.json $(AXE)/made-of || { \
		echo "installing axe-core"; rm -rf $(AXE); mkdir -p $(AXE) \
		&& cp test/tools/axe/package*.json $(AXE) && (cd $(AXE) && npm ci --ignore-scripts --no-audit --no-fund >/dev/null) \
		&& cp test/tools/axe/package-lock.json $(AXE)/made-of; }

# A browser belongs to the system: it is installed only if that raises no question. If there is a
# Chromium, its headless shell is installed beside it, if apt has the same version.
.PHONY: zsh
zsh: ## Install zsh for the test of its completion (as root, on Debian)
	@command -v zsh >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { \
		echo "installing zsh"; $(APT_INSTALL) zsh >/dev/null 2>&1 || { apt-get update -qq; $(APT_INSTALL) zsh >/dev/null; }; }; } || true

.PHONY: chromium
chromium: zsh ## Install Chromium's headless shell for the tests of the pages, after zsh, since apt locks (as root, on Debian)
	@command -v chromium-headless-shell >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { \
		has="$$(dpkg-query -W -f='$${Version}' chromium-common 2>/dev/null)" || true; \
		if command -v chromium chromium-browser google-chrome >/dev/null; then \
			apt-cache show "chromium-headless-shell=$$has" >/dev/null 2>&1 && $(APT_INSTALL) "chromium-headless-shell=$$has" >/dev/null 2>&1; \
		else \
			echo "installing Chromium"; apt-get update -qq; $(APT_INSTALL) chromium-headless-shell >/dev/null || $(APT_INSTALL) chromium >/dev/null; \
		fi; }; } || true

APT_INSTALL := DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-remove -o Acquire::Retries=0 -o Acquire::http::Timeout=20

.PHONY: screenshots
screenshots: ## Write pictures of the pages into .tools/screenshots, from a seeded state; two of them into docs/pictures
	@mkdir -p .tools/screenshots docs/pictures
	SCREENSHOTS=$(CURDIR)/.tools/screenshots $(GO) test -count=1 -run '^TestScreenshots$$' ./test/browser
	cp .tools/screenshots/overview-light.png .tools/screenshots/timeline-dark.png docs/pictures/

.PHONY: template-check
template-check: tools-aws ## Check template.yaml with sam validate and cfn-lint
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 .tools/sam/bin/sam validate --lint

.PHONY: build
build: tools-aws ## Build the functions as they are deployed
	SAM_CLI_TELEMETRY=0 CGO_ENABLED=0 GOFLAGS="-tags=lambda.norpc,nethttpomithttp2 -trimpath -buildvcs=false -ldflags=-s" .tools/sam/bin/sam build
