# Graft's commands: `make help` lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo build test lint layers docs bench fuzz peers tools clean

# Package.swift finds libtorch through this; fetched on the first use, then kept in the cache.
with-libtorch = GRAFT_LIBTORCH=$$(Scripts/get-libtorch); export GRAFT_LIBTORCH
# Swift's libraries inside the executables: they start in half the time, and run where no Swift is
# installed. lld, since GNU's linkers warn of a function in Foundation that nobody calls.
standalone = --static-swift-stdlib -Xswiftc -use-ld=lld
with-peers = GRAFT_PEERS_PYTHON=$$(Scripts/get-peers); export GRAFT_PEERS_PYTHON

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: build ## the whole way on a real model: convert, train, merge, verify, score
	@Scripts/demo

build: tools ## both executables in .build/release
	@$(with-libtorch); swift build -c release $(standalone)

test: tools ## install what the tests need, build, run all tests
	@python3 -m unittest discover --start-directory Scripts/tests
	@$(with-libtorch); $(with-peers); Scripts/run-tests -c release --disable-xctest

lint: ## formatting rules, layer order
	swift format lint --strict --recursive --parallel Sources Tests Fuzz/Sources Fuzz/Package.swift \
	  Package.swift
	@Scripts/check-layers

docs: build ## the API documentation of every module, in .build/docs
	@Scripts/build-docs

bench: build ## run every script under Benchmarks, each with its own bound
	@$(with-peers); Benchmarks/run

fuzz: tools ## every reader of untrusted files under libFuzzer, FUZZ_SECONDS (20) each
	@Fuzz/run

peers: tools ## the reference programs for tests and benchmarks; prints their Python
	@Scripts/get-peers

tools:
	@Scripts/get-tools

clean: ## remove what builds and the demo made (the cache of downloads stays)
	rm -rf .build demo/out
