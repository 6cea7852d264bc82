# What a contributor runs; `make help` lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo demo-packages try-demo client client-files cluster test book compatibility containers check-features lint deny publishable package bench bench-quick bench-programs bench-brokers autobahn soak fuzz models

TARGET := $(or $(CARGO_TARGET_DIR),target)
CLIENT := examples/chat/node_modules/socket.io-client/dist

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: demo-packages $(CLIENT)/socket.io.min.js ## builds the chat and serves it (PORT=3000, HOST=127.0.0.1)
	cargo run -p socketio-examples --features chat --example chat -- $(CLIENT) \
		--host $(or $(HOST),127.0.0.1) --port $(or $(PORT),3000)

BROKER ?= redis
PROXY ?= nginx

cluster: $(CLIENT)/socket.io.min.js ## three nodes of it, load balancer, broker, worker (BROKER=redis|rabbitmq|kafka, PROXY=nginx|haproxy, PORT=8080)
	scripts/packages $(PROXY)
	cargo build -p socketio-examples --features worker,$(BROKER:rabbitmq=amqp) --example chat --example worker
	scripts/cluster --broker $(BROKER) --proxy $(PROXY) --port $(or $(PORT),8080) \
		$(TARGET)/debug/examples/chat $(TARGET)/debug/examples/worker $(CLIENT)

# A linker for Rust, and npm for the browser client.
demo-packages:
	@scripts/packages only cc npm

try-demo: ## `make demo` on a port of its own, until its page and the browser client in it are served
	scripts/try-demo

# The official browser client, from npm; the example serves it.
$(CLIENT)/socket.io.min.js: examples/chat/package-lock.json | demo-packages
	npm ci --prefix examples/chat --ignore-scripts --no-audit --no-fund
	@touch $@

# For `ServerBuilder::serve_client`: the bundles and their maps, each also in brotli, which a server need not know how to make.
FOLDER ?= $(TARGET)/client

FROM ?= $(CLIENT)

client: $(CLIENT)/socket.io.min.js client-files ## puts the official browser client into FOLDER=target/client, for serve_client
	@ls -sh $(FOLDER)

client-files:
	mkdir -p $(FOLDER)
	cp $(FROM)/*.js $(FROM)/*.js.map $(FOLDER)
	node -e 'const fs = require("fs"), zlib = require("zlib"); for (const file of process.argv.slice(1)) fs.writeFileSync(file + ".br", zlib.brotliCompressSync(fs.readFileSync(file)))' $(FOLDER)/*.js $(FOLDER)/*.js.map

# Says what comes, and how many seconds it took.
step = echo "--- $(1)"; TIMEFORMAT="--- $(1): %0R s"; time

# What `scripts/brokers` starts for the tests, on ports of its own.
BROKERS := redis redis-cluster redis-sentinel rabbitmq kafka

test: ## all tests, with the brokers and foreign clients they need, and the docs without a warning
	@$(call step,system packages) scripts/packages nginx haproxy docker-compose redis-cli faketime strace
	@$(call step,foreign clients) integration-tests/foreign/install.sh
	@$(call step,brokers) scripts/brokers install $(BROKERS)
	@$(call step,cargo test) env BROKERS_TLS=1 scripts/brokers run $(BROKERS) -- \
		cargo test --workspace --all-features --no-fail-fast
	@$(MAKE) --no-print-directory containers
	@$(call step,features) $(MAKE) --no-print-directory check-features
	@$(call step,demo) $(MAKE) --no-print-directory try-demo
	@$(call step,docs) env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps

book: ## the book as HTML, in target/book; needs mdBook
	@mdbook --version >/dev/null 2>&1 || { echo "make book needs mdBook: cargo install mdbook --locked" >&2; exit 2; }
	mdbook build docs

compatibility: ## writes docs/compatibility.md: the versions that the tests run with
	WRITE_COMPATIBILITY=1 cargo test -p socketio-book --test book compatibility_page

# The suites again on brokers in containers, where there is an engine. Without what asks for more than a URL: a listener of its own
# for Kafka's cut, the brokers' own lists.
containers:
	@if docker info >/dev/null 2>&1; then \
		$(call step,testcontainers) env TEST_BROKERS=containers cargo test --no-fail-fast --features test-brokers/testcontainers \
			-p socketio-amqp -p socketio-kafka -p socketio-redis -p integration-tests \
			--test contract --test cluster --test emitter -- \
			--skip kafka_loses_nothing_when_its_link_is_cut --skip listening; \
	else echo "compose, testcontainers: not run, there is no container engine here"; fi

# Each feature alone; what an emitter needs, without hyper; the examples that need nothing but the core, and each of the others.
check-features:
	scripts/features
	@scripts/lines
	@tree="$$(cargo tree -p socketio-emitter --all-features -e normal --prefix none -f '{p} {f}' | sort -u)"; \
	if grep -E '^(hyper|http|tower|axum)[a-z-]* v|^socketio-core .*server' <<<"$$tree"; then \
		echo "the emitter pulls in a server" >&2; exit 1; fi; \
	echo "the emitter pulls in $$(wc -l <<<"$$tree") crates, neither hyper nor the server among them"
	cargo check -p socketio-examples --examples
	for feature in hyper actix axum cors salvo tower warp threads tiny_http autobahn redis latency standalone log logging worker,redis worker,amqp worker,kafka; do \
		cargo check -p socketio-examples --examples --features $$feature; done
	@said="$$(cargo run -q -p socketio-examples --features chat --example chat -- . --manager redis://localhost 2>&1)" || true; \
	[[ $$said == *'build it with the feature `redis`' ]] || { echo "the chat without brokers says: $$said" >&2; exit 1; }

lint: ## formatting, clippy, and the dependency tree where cargo-deny can be had
	cargo fmt --check
	cargo clippy --workspace --all-targets --all-features -- -D warnings
	scripts/deny || (($$? == 3))

deny: ## licences, sources and banned crates of the dependency tree
	scripts/deny

publishable: ## what crates.io would refuse of the crates that are published
	cargo publish --workspace --dry-run --no-verify --allow-dirty

package: ## those crates as their users get them: built alone, declared and oldest versions, Windows, macOS
	scripts/package

# What is measured, beside whom, how often and how long; nothing named: every scenario.
SCENARIOS ?=
PEERS ?= floor ours-2threads socketioxide node go python
ROUNDS ?= 3
SECS ?= 4
BENCH_PROFILE := --profile server --config 'profile.server.inherits="release"' \
	--config 'profile.server.lto="fat"' --config 'profile.server.codegen-units=1'
# The load, Redis and all else leave core 0 to the server that is measured. Each of 10,000 clients is an open file.
LAB := ulimit -Sn $$(ulimit -Hn) && taskset -c 1 scripts/brokers run redis -- $(abspath $(TARGET))/server/lab run --target $(abspath $(TARGET))
comma := ,
empty :=
list = $(subst $(empty) $(empty),$(comma),$(strip $(1)))

bench: bench-programs ## server CPU per message beside other servers, into bench/RESULTS.md (SCENARIOS, PEERS, ROUNDS, SECS); needs two cores
	$(LAB) --peers '$(call list,$(PEERS))' --rounds $(ROUNDS) --secs $(SECS) --curves $(SCENARIOS)

bench-quick: PEERS := floor socketioxide node
bench-quick: bench-programs ## the same in minutes, roughly: one short round beside two others, nothing of it kept in bench/
	$(LAB) --peers '$(call list,$(PEERS))' --rounds 1 --secs 1 --hold 1 --into $(abspath $(TARGET))/bench $(SCENARIOS)

bench-programs:
	cargo build $(BENCH_PROFILE) -p socketio-bench -p bench-lab --bin socketio-bench --bin members --bin lab --bin load --bin floor
	bench/peers/install.sh $(PEERS)

bench-brokers: ## what an emit costs through each broker (ROUNDS, SECS)
	cargo build $(BENCH_PROFILE) -p socketio-bench --bin brokers
	ROUNDS=$(ROUNDS) SECS=$(SECS) scripts/brokers run redis rabbitmq kafka -- $(abspath $(TARGET))/server/brokers

autobahn: ## the Autobahn WebSocket suite, cases 1-7, 9 and 10 (PY27=path of a Python 2.7)
	cargo build --release -p socketio-examples --features autobahn --example echo
	autobahn/run.sh $(TARGET)/release/examples/echo

MINUTES ?= 30

# `make test` has two minutes of it, in which the answers' times are printed only. Half an hour's page is kept as bench/SOAK.md.
soak: ## two nodes, a broker that is killed now and then, every kind of client, for MINUTES=30; writes target/tmp/soak.md
	scripts/brokers install redis
	SECS=$$((60 * $(MINUTES))) ECHO_MS=250 cargo test --release -p integration-tests --test soak -- --nocapture

SECS ?= 60
FUZZ ?= $(shell cd fuzz 2>/dev/null && cargo fuzz list 2>/dev/null)

# No sanitizer: there is no unsafe code to catch, and so a stable compiler will do. What is found lands in .cache/fuzz, not in
# the committed corpus.
fuzz: ## every decoder for SECS=60 each (FUZZ="target ..." for some); needs cargo-fuzz
	@cargo fuzz --version >/dev/null 2>&1 || { echo "make fuzz needs cargo-fuzz: cargo install cargo-fuzz --locked" >&2; exit 2; }
	for target in $(FUZZ); do \
		mkdir -p .cache/fuzz/$$target; \
		cargo fuzz run --sanitizer none $$(case $$target in (*_url) echo --features urls;; (connection) echo --features server;; esac) $$target .cache/fuzz/$$target fuzz/corpus/$$target -- -max_total_time=$(SECS); \
	done

CASES ?= 10000

models: ## the server beside plain models of it, and URLs of brokers, CASES=10000 random cases each
	PROPTEST_CASES=$(CASES) cargo test -p socketio-core --features testing,msgpack --test model
	PROPTEST_CASES=$(CASES) cargo test -p socketio-redis -p socketio-amqp -p socketio-kafka --lib urls
