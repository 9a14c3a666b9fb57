# Needs GNU make, Git and Python 3.11 or later. `make demo` and `make check` make their own environments.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: help demo check lint format types test docs matrix bench soak simulate clean

# The first Python that is new enough; another one: make check PYTHON=/path/to/python3
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)

# Branch coverage of the pure core, in per cent, below which `make test` fails.
CORE_COVERAGE ?= 95

# Neighbours stay together, so that what a file sets up once is set up once; who is done first takes from the other.
AT_ONCE := -n 2 --dist worksteal

# What `make matrix` runs: every Python with every file of constraints/.
PYTHONS := 3.11 3.12 3.13
DEPENDENCIES := lowest openai-2 newest

# How often `make soak` kills.
ROUNDS ?= 1000

# How many suites `make simulate` carries out for each row of its table.
SUITES ?= 2000

DEMO := .venv-demo
CHECK := .venv-check
SOURCES := $(shell find src -name '*.py')

help: ## this list
	@echo 'make demo works on a fresh clone; the rest is for people who change promptctl.'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

demo: $(DEMO)/compiled ## see it work: a sample repository and `promptctl test` on it; no key
	@rm -rf build/demo && mkdir -p build
	@$(DEMO)/bin/promptctl demo build/demo
	@echo 'The sample repository stays in build/demo until the next `make demo`.' >&2

check: lint types test ## everything a change has to pass

lint: $(CHECK)/installed ## style and common mistakes (ruff)
	$(CHECK)/bin/ruff check .
	$(CHECK)/bin/ruff format --check .

format: $(CHECK)/installed ## mend what `make lint` can mend by itself
	$(CHECK)/bin/ruff check --fix .
	$(CHECK)/bin/ruff format .

types: $(CHECK)/installed ## types of src (mypy, strict)
	$(CHECK)/bin/python -m mypy

# The rest runs without coverage, which makes Python half as fast.
test: $(CHECK)/compiled ## all tests, two at a time; first those of core, with its branch coverage
	$(CHECK)/bin/python -m pytest -q $(AT_ONCE) --cov --cov-report= tests/core
	$(CHECK)/bin/python -m coverage report --fail-under=$(CORE_COVERAGE)
	$(CHECK)/bin/python -m pytest -q $(AT_ONCE) --ignore=tests/core

docs: $(CHECK)/compiled ## of the tests, only those that hold the docs to what the code does
	$(CHECK)/bin/python -m pytest -q tests/test_docs.py

matrix: ## the tests with every Python and the lowest and the newest dependencies: minutes for each
	@for python in $(PYTHONS); do \
		if ! "python$$python" -c '' 2>/dev/null; then echo "left out: python$$python is not on PATH" >&2; continue; fi; \
		for set in $(DEPENDENCIES); do \
			if $(MAKE) --no-print-directory "matrix-$$python-$$set"; then passed="$$passed $$python-$$set"; \
			else failed="$$failed $$python-$$set"; fi; done; done; \
	echo "passed:$${passed:- none}; failed:$${failed:- none}"; test -n "$$passed" -a -z "$$failed"

# One of them: make matrix-3.12-lowest
matrix-%: .venv-%/compiled
	.venv-$*/bin/python -m pytest -q $(AT_ONCE)

bench: $(DEMO)/compiled ## timings, as ratios measured in one run
	@for script in tests/bench/[a-z]*.py; do echo "$$script"; $(DEMO)/bin/python "$$script" || exit 1; done

soak: $(CHECK)/compiled ## kill -9, ROUNDS times: nothing acknowledged is lost; ten minutes
	$(CHECK)/bin/python -m tests.soak.kill_loop $(ROUNDS)

simulate: $(CHECK)/compiled ## how often the gate is wrong, from SUITES invented suites a row; up to twenty minutes
	$(CHECK)/bin/python -m tests.simulate $(SUITES)

clean: ## remove environments, caches and the demo
	rm -rf $(DEMO) $(CHECK) .venv-3.* build .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment is made anew when pyproject.toml changes, so nothing in it is left over from before.
$(DEMO)/installed: pyproject.toml
	@$(fresh_environment)
	@$(DEMO)/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(CHECK)/installed: pyproject.toml
	@$(fresh_environment)
	@$(with_tools) --constraint constraints/newest.txt
	@touch $@

# .venv-3.12-lowest: python3.12 with constraints/lowest.txt
.venv-3.%/installed: PYTHON = python3.$(firstword $(subst -, ,$*))
.venv-3.%/installed: pyproject.toml $(wildcard constraints/*.txt)
	@$(fresh_environment)
	@$(with_tools) --constraint constraints/$(patsubst $(firstword $(subst -, ,$*))-%,%,$*).txt
	@touch $@

# Compiled here because PYTHONDONTWRITEBYTECODE, which many machines set, would compile src at every start.
.venv-%/compiled: .venv-%/installed $(SOURCES)
	@$(@D)/bin/python -m compileall -q src
	@touch $@

# The dev group is read by Python: the pip of older Pythons does not know `--group`.
define with_tools
$(@D)/bin/python -c 'import tomllib; \
print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' > $(@D)/dev.txt && \
$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --editable . --requirement $(@D)/dev.txt
endef

define fresh_environment
if ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	echo 'promptctl needs Python 3.11, 3.12 or 3.13, and none was found (looked for: $(or $(PYTHON),python3.11 python3.12 python3.13 python3)).' >&2; \
	echo 'Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3' >&2; exit 1; fi; \
echo 'making $(@D) with $(PYTHON): once, about a minute' >&2; "$(PYTHON)" -m venv --clear $(@D)
endef
