# The two commands: make run · make test. The rest: build bench test-deep install dist clean.
SHELL := /bin/bash
export PATH := $(CURDIR)/build/tools/bin:$(PATH)
JOBS ?= $(shell nproc)
REF ?= dir:/
PREFIX ?= /usr/local
PYTHON ?= /usr/bin/python3

.PHONY: run build test test-deep bench install dist clean setup
.DEFAULT_GOAL := build

build: ## the program, at build/release/boltseal
	@mkdir -p build && tools/setup build
	@cmake --preset release -DBOLTSEAL_TESTS=$(if $(TESTS),ON,OFF) >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build build/release --target $(if $(TESTS),all,boltseal) -j $(JOBS)

run: build ## scan REF (default: this machine's own root file system) and leave a report
	@build/release/boltseal scan '$(REF)' -o table -o html=build/report.html -o json=build/report.json
	@echo "The same as a page: build/report.html"

test: ## unit, case and end-to-end tests
	@tools/setup build test
	@mkdir -p build && $(MAKE) --no-print-directory build TESTS=1
	@ctest --test-dir build/release --output-on-failure -j $(JOBS)
	@tools/test-python

test-deep: ## sanitizers, fuzz corpus, linters, conformance tables
	@tools/setup build test deep
	@tools/test-deep

bench: build ## the table of speed and memory; IMAGES=folder that holds the OCI layouts
	@bench/run '$(IMAGES)'

install: build
	@DESTDIR='$(DESTDIR)' cmake --install build/release --prefix '$(PREFIX)' >/dev/null
	@echo "installed to $(DESTDIR)$(PREFIX)"

dist: build ## a .deb, a portable archive and an OCI image in build/dist
	@tools/dist

clean:
	@rm -rf build
