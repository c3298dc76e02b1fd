# The commands of this project. `make up` runs it, `make test` proves it.
.DEFAULT_GOAL := help
CARGO ?= cargo
# AWS's validator (`jqs lint`) declares Rust 1.96 and builds with 1.95. This goes when 1.96 is what `rust-version` asks for.
CARGO_FLAGS ?= --ignore-rust-version
TARGET_DIR ?= $(or $(CARGO_TARGET_DIR),target)

.PHONY: help up build lint test test-rust test-ui test-templates test-backend test-image bench image static

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: build ## Build, then run the backend here with a demo shop's traces (Ctrl-C stops it)
	@$(TARGET_DIR)/release/jqs up --demo

build: ## Build `jqs` and `jqs-collector`, optimized, with the web page in them
	$(CARGO) build $(CARGO_FLAGS) --release --workspace --bins

test: lint test-rust test-ui test-templates test-backend test-image ## Run every test; installs and starts what they need
	@echo "every test passed"

lint: ## Formatting, compiler and clippy warnings
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings

test-rust: ## Rust tests: units, storage on a real OpenSearch, deployments to an AWS stand-in
	tests/services/tmux/install.sh
	$(CARGO) test $(CARGO_FLAGS) --workspace

test-ui: ## Types and unit tests of the web page
	cd ui && npm ci --no-audit --no-fund && npm run check && npm test

test-templates: ## cfn-lint over the templates, SARIF against its schema, and deployments to an AWS stand-in
	$(CARGO) build $(CARGO_FLAGS) --bin jqs
	tests/lint/sarif.sh $(TARGET_DIR)/debug/jqs
	$(TARGET_DIR)/debug/jqs render --flat --out $(TARGET_DIR)/flat/new-vpc.yaml
	$(TARGET_DIR)/debug/jqs render templates/jaeger-existing-vpc.yaml --flat --out $(TARGET_DIR)/flat/existing-vpc.yaml
	tests/templates/lint.sh $(TARGET_DIR)/flat/new-vpc.yaml $(TARGET_DIR)/flat/existing-vpc.yaml
	tests/templates/run.sh

test-backend: ## Real clients and a real browser against the running backend
	$(CARGO) build $(CARGO_FLAGS) --workspace --bins
	tests/backend/run.sh $(TARGET_DIR)/debug

# Only the program itself is linked anew: the libraries are those of every other test.
test-image: ## The image without Docker: made, pushed to a real registry, pulled, run from its root alone
	$(CARGO) build $(CARGO_FLAGS) --bin jqs
	$(CARGO) rustc $(CARGO_FLAGS) -p jqs-collector --bin jqs-collector -- -C target-feature=+crt-static -C strip=symbols
	tests/image/run.sh $(TARGET_DIR)/debug

bench: ## Measure against Jaeger: make bench JAEGER=/path/to/jaeger
	$(CARGO) build $(CARGO_FLAGS) --release -p jqs-collector
	bench/run.sh $(TARGET_DIR)/release/jqs-collector

image: ## Build the container image with Docker (`make static`, then `jqs image build` needs none), tagged jqs:<version>
	docker build --tag jqs:$$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1) .

# With a target named, the flag for a static glibc leaves build scripts and procedural macros alone.
static: ## Build a static `jqs-collector` for this machine's architecture beside `jqs`, for an image without Docker
	@case "$$(uname -m)" in \
		x86_64) target=x86_64-unknown-linux-gnu name=amd64 ;; \
		aarch64) target=aarch64-unknown-linux-gnu name=arm64 ;; \
		*) echo "no static build for $$(uname -m): build on amd64 or arm64" >&2; exit 1 ;; \
	esac; \
	set -ex; \
	RUSTFLAGS="-C target-feature=+crt-static" \
		$(CARGO) build $(CARGO_FLAGS) --release --locked --package jqs-collector --target $$target; \
	mkdir -p $(TARGET_DIR)/release; \
	cp $(TARGET_DIR)/$$target/release/jqs-collector $(TARGET_DIR)/release/jqs-collector-$$name
