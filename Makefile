# Regulars. Everything runs in .venv, which the first target makes.

.DELETE_ON_ERROR:
.PHONY: demo test check bench-quality lock

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := $(VENV)-lock

demo: $(STAMP)  ## check, train, score, publish and serve the sample log
	$(BIN)/regulars demo

test: $(STAMP)  ## run every test
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(STAMP)  ## style, types, import rules, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist loadgroup

bench-quality: $(STAMP)  ## judge what would be served on real logs, in ../shared/data
	$(BIN)/python -m tests.bench.quality

lock:  ## write requirements.lock anew, keeping the versions that it has
	test -x $(UV)/bin/uv || (python3 -m venv $(UV) && $(UV)/bin/pip install -q uv)
	$(UV)/bin/uv pip compile pyproject.toml -o requirements.lock -q \
	  --all-extras --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock"

# The stamp is newer than the lock where what is installed is what the lock says. The lock
# is whole, so that pip need not resolve; compiling what is never imported takes a minute.
$(STAMP): requirements.lock pyproject.toml
	@for python in $(PYTHON) python3.11 python3; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    test -x $(BIN)/python || $$python -m venv $(VENV); exit; \
	  fi; \
	done; echo "Regulars needs Python 3.11 or newer; name it with make PYTHON=..." >&2; exit 1
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes \
	  --no-deps --no-compile --progress-bar off -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps \
	  --no-build-isolation -q -e .
	@touch $@
