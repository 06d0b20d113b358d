# Synthos validation. `make help` lists the targets; what they do in more than a line lives in hack/.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
CLUSTER := $(BIN)/python -m hack.localcluster

##@ General

.PHONY: help
help: ## List the targets.
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-zA-Z0-9_-]+:.*##/ {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@# the resolver of older pips gives up on what newer ones solve
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25'
	$(BIN)/python -m pip install --quiet --editable '.[all,dev]'
	@touch $@

.PHONY: setup
setup: $(VENV)/.installed ## Create the virtual environment with everything in it.

.PHONY: prefetch machine
prefetch: ## Build what the local cluster runs; needs no virtual environment.
	@$(PYTHON) -m hack.localcluster.prefetch
machine: # both at once: pip waits for the network while Go compiles
	@$(MAKE) --no-print-directory -j2 setup prefetch

##@ Use

.PHONY: demo
demo: machine ## Cluster up, chart installed, two real ValidationRuns, two verdicts, two reports.
	$(BIN)/python -m hack.demo

.PHONY: cluster-up cluster-down cluster-status
cluster-up: machine ## Start the local Kubernetes cluster (root; see docs/local-cluster.md).
	$(CLUSTER) up
cluster-down: setup ## Stop it and leave nothing behind.
	$(CLUSTER) down
cluster-status: setup ## What of it runs, and where its kubeconfig is.
	$(CLUSTER) status

.PHONY: images
images: setup ## Build both images and load them into the local cluster.
	$(CLUSTER) images

##@ Develop

.PHONY: generate
generate: setup ## Write the CRDs, the chart's copy of them, the gRPC stubs and manifests/base.
	$(BIN)/python -m hack.generate
	$(BIN)/python -m hack.manifests

.PHONY: format
format: setup ## Format the Python code.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: lint
lint: setup ## ruff, mypy --strict, import layers, generated files up to date.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m hack.generate --check
	$(BIN)/python -m hack.manifests --check

.PHONY: test-fast
test-fast: setup ## Unit and contract tests: no cluster, no root.
	$(BIN)/python -m pytest -q -m "not cluster and not e2e and not slow"

.PHONY: test
test: machine lint ## Everything: lint, unit, contract, real API server, real cluster with real pods.
	$(BIN)/python -m pytest -q

.PHONY: fuzz
fuzz: setup ## Damaged files of every format against the readers (FILES=200 for each).
	$(BIN)/python -m hack.fuzz --files $(or $(FILES),200)

.PHONY: bench bench-data
bench-data: setup ## Those of the data engine: against pyarrow, DuckDB, whylogs, ydata-profiling; memory (GB="1 4 16").
	$(BIN)/python -m tests.bench.data $(GB)
bench: setup ## Benchmarks: ratios against a peer in the same run.
	$(BIN)/python -m tests.bench

.PHONY: collapsebench-quick collapsebench collapsebench-test collapsebench-fit collapsebench-report
collapsebench-quick: setup ## CollapseBench in small: a dozen datasets, labels and verdicts measured anew, some 10 minutes.
	rm -rf out/collapsebench-quick
	SYNTHOS_BENCH_RESULTS=out/collapsebench-quick $(BIN)/python -m benchmarks.collapsebench quick
collapsebench: setup ## Its development split; goes on where it stopped (MINUTES=60 to stop in time, MODALITY=table).
	$(BIN)/python -m benchmarks.collapsebench development $(if $(MINUTES),--minutes $(MINUTES)) $(if $(MODALITY),--modality $(MODALITY)) $(if $(MODE),--mode $(MODE))
collapsebench-test: setup ## Its test split, on a commit without changes; never to tune on.
	$(BIN)/python -m benchmarks.collapsebench test $(if $(MINUTES),--minutes $(MINUTES)) $(if $(MODALITY),--modality $(MODALITY)) $(if $(MODE),--mode $(MODE))
collapsebench-fit: setup ## Fit what the detector has learnt to the development labels that there are; hours when none is measured.
	$(BIN)/python -m benchmarks.collapsebench evidence
	for part in links dimensions alone; do $(BIN)/python -m benchmarks.collapsebench.fit_$$part || exit 1; done
collapsebench-report: setup ## Write docs/collapsebench.md from the results.
	$(BIN)/python -m benchmarks.collapsebench report

.PHONY: signatures
signatures: setup ## Learn the signature library from fingerprints, measuring those that are missing; docs/signatures.md.
	$(BIN)/python -m benchmarks.signatures

.PHONY: clean
clean: ## Remove what the targets made here (not the binaries cache, not a running cluster).
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build/images out
