# Everything is done by one of these. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Recipes pass ARGS on: make demo ARGS="--fresh --exit", make bench ARGS=--quick.
ARGS ?=
N ?= 30
MINUTES ?= 60

# A tree that belongs to another user makes git fail, and a build need not fail with it.
export GOFLAGS := $(strip $(GOFLAGS) $(if $(findstring -buildvcs,$(GOFLAGS)),,-buildvcs=false))
VERSION := $(shell git describe --always --dirty --tags 2>/dev/null || echo development)

# The folders of the repository's modules: tools/ is one of its own, and mq/ibmmq, the only one with cgo. Where git will not look, they are looked for.
modules := $(patsubst %/,%,$(dir $(shell git ls-files '*go.mod' 2>/dev/null || find . -name go.mod -not -path '*/node_modules/*')))

demo_flags := $(if $(PAYMENTS),--payments $(PAYMENTS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: build
build: ## build bin/nks and bin/nks-demo
	@go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/ ./cmd/nks ./cmd/nks-demo

.PHONY: run
run: build ## run the gateway: make run ARGS="--config FILE"
	@./bin/nks run $(ARGS)

.PHONY: demo
demo: deps-demo build ## show the whole way of the money (PAYMENTS=10000 SEED=1 ARGS="--fresh --exit")
	@./bin/nks-demo demo $(demo_flags)

# Tests make and remove files by the ten thousand: in memory where it has four gigabytes and lets programs run.
in_memory = $(shell [ "$$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -ge 4194304 ] && ! grep -qs '^[^ ]* /dev/shm [^ ]* [^ ]*noexec' /proc/mounts && echo /dev/shm)
test race farm crash mutants: export TMPDIR := $(or $(in_memory),$(TMPDIR),/tmp)

.PHONY: test
test: deps-test build ## run every test
	@$(call in_modules,go vet ./...)
	@$(call in_modules,go test -timeout 30m -parallel 4 ./...)

.PHONY: race
race: deps-test ## run every test under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -timeout 60m ./...

.PHONY: farm
farm: deps-farm ## run the long tests in turns, each time with another seed (MINUTES=60; repeat one: JOB=crash SEED=7)
	@go build -C tools -o ../bin/tools/farm ./farm
	@./bin/tools/farm -minutes $(MINUTES) -version '$(VERSION)' $(if $(JOB),-job '$(JOB)' -seed $(or $(SEED),1))

.PHONY: mutants
mutants: deps-test ## break each rule by one line and see its test find it (RULE=B19.1: one alone; ARGS=-list: which there are)
	@go build -C tools -o ../bin/tools/mutants ./mutants
	@./bin/tools/mutants $(if $(RULE),-rule '$(RULE)') $(ARGS)

.PHONY: crash
crash: deps-test build ## kill everything N times at random instants (N=30 SEED=1)
	NKS_KILLS=$(N) NKS_SEED=$(or $(SEED),$$RANDOM) go test -count=1 -timeout 0 -v -run Crash ./cmd/nks-demo

.PHONY: bench
bench: deps-demo build ## measure the whole flow against COPY, and the codecs (ARGS=--quick: three minutes)
	@./bin/nks-demo bench --out bench/results.jsonl --docs docs $(ARGS)

.PHONY: bench-go
bench-go: ## measure single functions (ARGS="-benchtime 3s")
	go test -run '^$$' -bench . -benchmem $(ARGS) ./edifact ./edifact/autack ./edifact/banking ./edifact/directory ./gateway/nksxml ./gateway/bankfile ./gateway/door/rasp/xmldsig ./reconciliation/match ./sftp

.PHONY: bench-day
bench-day: deps-test ## measure what banks' answers, stops and the book of a day take (PAYMENTS=1000000)
	$(if $(PAYMENTS),NKS_PAYMENTS=$(PAYMENTS)) go test -run '^$$' -bench 'Hear|Stop|BookOfDay' -benchtime 1x -timeout 60m $(ARGS) ./flowtest

.PHONY: check
check: deps-check bin/tools/staticcheck generated ## check format, vet, staticcheck, errcheck, what is generated and the house's rules
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi
	@$(call in_modules,go vet ./...)
	@$(call in_modules,$(CURDIR)/bin/tools/staticcheck ./...)
	@$(call in_modules,$(CURDIR)/bin/tools/errcheck -ignoretests -exclude $(CURDIR)/tools/errcheck.txt ./...)
	go test -count=1 .

.PHONY: generated
generated: ## check that generated files are what their generators write
	@tools/generated.sh

# in_modules runs a command in each module. One that has no packages, but tools, builds these instead. One that is built with
# other libraries than Go's says with which, in its sdk.sh.
in_modules = for module in $(modules); do ( cd "$$module" && \
	if [ -x sdk.sh ]; then sdk=$$(./sdk.sh) && eval "$$sdk" || exit 1; fi; \
	if [ -n "$$(go list ./... 2>/dev/null)" ]; then echo "$$module: $(1)"; $(1); \
	else echo "$$module: go build tool"; go build tool; fi ) || exit 1; done

# tools/ is a module of its own, so that what checks the program is no dependency of it.
bin/tools/staticcheck: tools/go.mod tools/go.sum
	go build -C tools -o ../bin/tools/ tool
	touch $@

.PHONY: deps
deps: deps-test ## install what is missing from the distribution's packages (as root)

.PHONY: deps-check deps-demo deps-test deps-farm
deps-check deps-demo deps-test deps-farm: deps-%:
	@tools/deps.sh $*

.PHONY: clean
clean: ## remove what make built
	rm -rf bin

.PHONY: help
help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | sort | expand -t 12
