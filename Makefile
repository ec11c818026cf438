# Everything a person or CI does with this project, by name. `make help` lists it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.complete

# Processes that tests are shared out to, file by file, each with a database server of its own; 0 for none.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo serve test check bench soak lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Only hashed files are installed; the project itself is linked in with the build backend that is
# already there, so pip fetches nothing that is not pinned.
$(STAMP): requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: $(STAMP) ## two small programmes over HTTP, from nothing to their audit, on a database of its own
	$(BIN)/ledger demo

serve: $(STAMP) ## the HTTP server, on DATABASE_URL or on an embedded database under ./var
	$(BIN)/ledger serve

test: $(STAMP) ## every test, with the floors and the documents among them; WORKERS=4 on a larger machine
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

check: $(STAMP) ## what CI runs: lint, format, types, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(MAKE) test

bench: $(STAMP) ## speed, on this machine
	$(BIN)/python -m bench

soak: $(STAMP) ## a long load with faults
	$(BIN)/python -m bench.soak

COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --generate-hashes \
	--no-emit-index-url --no-emit-find-links --universal --python-version 3.11

lock: $(STAMP) ## pin and hash the requirements again; UPGRADE=--upgrade takes newer versions
	$(COMPILE) $(UPGRADE) requirements/runtime.in -o requirements/runtime.txt > /dev/null
	$(COMPILE) $(UPGRADE) -c requirements/runtime.txt requirements/dev.in -o requirements/dev.txt > /dev/null

clean: ## remove what can be made again; never ./var, which holds data
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info build dist
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +
