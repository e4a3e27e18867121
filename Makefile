# The chores. Each target sets up all it needs on a fresh Debian or Ubuntu with Python 3.11 or newer.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8800
DATA ?= ./.playhead
BIN := .venv/bin
SOURCES := pyproject.toml requirements.lock hatch_build.py scripts/setup.sh sdk/package-lock.json web/package-lock.json

.PHONY: help install demo test test-units test-server test-browser test-alone torture bench check format lock clean

help:
	@echo "make demo     a server with sample replays; prints the address to open"
	@echo "make test     every test"
	@echo "make check    format, lint, types"
	@echo "make bench    every speed and size figure, each beside a peer"
	@echo "make torture  the long versions of the tests"

install: .venv/.installed

.venv/.installed: $(SOURCES) $(shell find sdk web examples/shop -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
	@PYTHON=$(PYTHON) scripts/setup.sh python static
	@touch $@

demo: install
	@$(BIN)/playhead demo --host $(HOST) --port $(PORT) --data $(DATA)

# The tests wait more than they work (for a flush, a worker's next round, a page), so they run in three parts side by side;
# what measures how long something takes runs after them, alone.
test: install
	@PYTHON=$(PYTHON) scripts/setup.sh chromium
	@echo "Running the tests; each part is shown when it is over, the longest after some minutes"
	@$(MAKE) --no-print-directory --keep-going --jobs 3 --output-sync test-units test-server test-browser
	@$(MAKE) --no-print-directory test-alone

test-units:
	@PATH="$$($(BIN)/python scripts/node_path.py):$$PATH"; export PATH; (cd sdk && npm test) && (cd web && npm test)

test-server:
	@PATH="$$($(BIN)/python scripts/node_path.py):$$PATH" $(BIN)/python -m pytest -m "not torture and not alone" -n 2 --dist worksteal --ignore=tests/browser

test-browser:
	@PATH="$$($(BIN)/python scripts/node_path.py):$$PATH" $(BIN)/python -m pytest -m "not torture and not alone" -n 2 --dist loadfile tests/browser

test-alone:
	@PATH="$$($(BIN)/python scripts/node_path.py):$$PATH" $(BIN)/python -m pytest -m "alone and not torture"

torture: install
	@PYTHON=$(PYTHON) scripts/setup.sh chromium
	@$(BIN)/python -m pytest -m torture --timeout 7200

bench: install
	@PYTHON=$(PYTHON) scripts/setup.sh chromium
	@$(BIN)/python -m bench

check: install
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy
	@PATH="$$($(BIN)/python scripts/node_path.py):$$PATH"; export PATH; (cd sdk && npm run --silent check) && (cd web && npm run --silent check)

format:
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock:
	@$(BIN)/uv pip compile --universal --python-version 3.11 --group dev --group bench pyproject.toml --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.lock

clean:
	rm -rf .venv sdk/node_modules web/node_modules sdk/dist web/dist src/playhead/static
