# Everything a newcomer or CI needs. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PY := $(BIN)/python
STAMP := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test install lint unit rules-test projects watchdog runners-if-node oracle-test oracle bench corpus fuzz stress docs runners build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMP) ## the main job on the incident's project: check, show, fix
	@$(PY) tests/demo.py

test: install lint unit rules-test runners-if-node projects watchdog oracle-test ## lint, types, layers and all tests

install: $(STAMP) ## a virtual environment with the project and its tools

$(STAMP): pyproject.toml hatch_build.py
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade "pip>=25.1"
	$(PY) -m pip install --quiet --editable . --group dev
	@touch $(STAMP)

lint: $(STAMP) ## ruff, mypy, the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(STAMP) ## unit and property tests
	$(PY) -m pytest -n 2 tests/unit

rules-test: $(STAMP) ## every example in the rules' pages, four ways
	$(PY) -m pytest -n 2 tests/rules

projects: $(STAMP) ## whole projects through the command line, and packaging
	$(PY) -m pytest -n 2 --dist loadgroup tests/packaging tests/projects

watchdog: $(STAMP) ## the guard of a running command, against real processes
	$(PY) -m pytest -n 2 tests/watchdog

runners: $(STAMP) ## the real runners, by npm ci from lock files
	$(PY) tests/oracle/install.py

# Tests of projects and of the guard use them, too.
runners-if-node: $(STAMP)
	$(PY) tests/oracle/install.py --if-node

oracle-test: $(STAMP) ## what configguard says against what the real runners do (a sample)
	@$(PY) tests/oracle/run.py

oracle: $(STAMP) ## the same, all of it
	@$(PY) tests/oracle/run.py --all

bench: $(STAMP) ## benchmarks: ratios against peers run at the same time
	$(PY) benchmarks/startup.py
	$(PY) benchmarks/throughput.py
	$(PY) benchmarks/peers.py
	$(PY) benchmarks/watchdog.py

fuzz: export CONFIGGUARD_FUZZ ?= 520
fuzz: $(STAMP) ## every law of fixes over 5,200 generated configs, against Node
	$(PY) -m pytest -n 2 -k test_every_law_holds tests/unit/test_fix_properties.py

stress: $(STAMP) ## 200,000 hostile inputs; 300 guarded trees ended at random moments; 200 writers killed
	@cd tests && ../$(PY) -m stress.run
	@cd tests && PYTHONPATH=../linter ../$(PY) -m watchdog.random_ends 300
	CONFIGGUARD_KILLS=200 CONFIGGUARD_MANY=2000 $(PY) -m pytest -q tests/unit/test_written.py tests/projects/test_fix_writing.py

corpus: $(STAMP) ## configs inside npm packages: what is known of them, against Node
	$(PY) benchmarks/corpus.py --npm

docs: $(STAMP) ## docs/rules.md from the rules
	$(PY) -m configguard.authoring.rules_page docs/rules.md

build: $(STAMP) ## sdist and wheel
	$(PY) -m build

clean: ## remove what the targets made
	rm -rf $(VENV) .cache dist build
