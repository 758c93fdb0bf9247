# The two commands that matter: `make run` and `make test`.

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
CANVALO := $(TARGET)/release/canvalo
PLUGINS := $(patsubst %/plugin.toml,%,$(wildcard plugins/*/plugin.toml))

# What lints need besides Rust, at the versions they were tried with. They run for seconds, so they are built without
# optimisation, which takes a minute and a half.
CARGO_DENY := 0.20.2
CARGO_MACHETE := 0.9.2

.PHONY: help run test soak bench eval build plugins setup lint fmt clippy doc deny machete audit

help: ## This list.
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: build plugins ## Everything on this machine: database with sample data, agents, API on port 8000.
	@CANVALO_PLUGIN_DIR=$(TARGET)/plugins exec $(CANVALO) dev

test: setup ## All tests, with a database of their own.
	$(CARGO) test --workspace

soak: setup ## 500 chats with tools under each fault of the model's provider, and what came of them.
	FAULT_CHATS=500 $(CARGO) test -p canvalo-tests --test faults -- --nocapture

bench: build plugins ## What a turn, a sandbox and a start cost, and what many rows do.
	$(CARGO) bench -p canvalo-tests

eval: build plugins ## How often a question reaches the agents that should answer it.
	@CANVALO_PLUGIN_DIR=$(TARGET)/plugins $(CANVALO) eval tests/eval/questions.toml

build: setup
	@echo "==> Building the host (some minutes the first time)"
	$(CARGO) build --release -p canvalo

plugins: build
	@echo "==> Building the agents as WebAssembly components"
	$(CANVALO) plugin build --out $(TARGET)/plugins $(PLUGINS)
	@cp plugins/grants.toml $(TARGET)/plugins/grants.toml

setup: ## System packages and a Rust toolchain for wasm, where they are missing.
	@sh scripts/setup.sh

lint: fmt clippy doc deny machete ## Everything that needs no test.

fmt:
	$(CARGO) fmt --all --check

clippy:
	$(CARGO) clippy --workspace --all-targets --all-features -- -D warnings
	$(CARGO) clippy -p canvalo --no-default-features -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps

deny:
	@$(CARGO) deny --version 2>/dev/null | grep -q . || $(CARGO) install --debug --locked cargo-deny@$(CARGO_DENY)
	$(CARGO) deny check bans licenses sources

machete:
	@$(CARGO) machete --version 2>/dev/null | grep -q . || $(CARGO) install --debug --locked cargo-machete@$(CARGO_MACHETE)
	$(CARGO) machete

audit: ## Known vulnerabilities; needs the advisory database from the network.
	$(CARGO) deny check advisories
