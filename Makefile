# Regulars. Everything runs in .venv, which the first target makes.

.DELETE_ON_ERROR:
.PHONY: demo test test-spark check bench bench-quality bench-sample lock

# Figures of cells that are measured, by the code that they were measured with.
RESULTS ?= /tmp/regulars-quality
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SPARK_STAMP := $(VENV)/.installed-spark
UV := $(VENV)-lock

demo: $(STAMP)  ## check, train, score, publish and serve the sample log
	$(BIN)/regulars demo

test: $(STAMP)  ## run every test
	$(BIN)/python -m pytest -n 2 --dist loadgroup --max-worker-restart 0

test-spark: $(SPARK_STAMP)  ## run the tests that need Spark, on a cluster of their own
	$(BIN)/python -m pytest -m spark tests/spark

check: $(STAMP)  ## style, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)  ## measure speed and scale into docs/figures.md; EVENTS=1000000 is shorter
	$(BIN)/python -m tests.bench

bench-quality: $(STAMP)  ## the same of quality on real logs; CELLS=essec is shorter
	$(BIN)/python -m tests.bench.quality --results $(RESULTS) $(CELLS)

bench-sample: $(STAMP)  ## what training on a sample of the customers costs
	$(BIN)/python -m tests.bench.sampling

COMPILE = $(UV)/bin/uv pip compile -q --universal --python-version 3.11 \
  --fork-strategy fewest --generate-hashes --no-annotate --no-emit-index-url \
  --no-emit-find-links --custom-compile-command "make lock"

# What Spark needs on top has a lock of its own: PySpark is larger than all the rest.
lock:  ## write the two locks anew, keeping the versions that they have
	test -x $(UV)/bin/uv || (python3 -m venv $(UV) && $(UV)/bin/pip install -q uv)
	$(COMPILE) pyproject.toml -o requirements.lock \
	  --extra ds --extra postgres --extra dev
	python3 -c 'import pathlib, tomllib; print(*tomllib.loads(pathlib.Path( \
	  "pyproject.toml").read_text())["project"]["optional-dependencies"]["spark"], \
	  sep="\n")' | $(COMPILE) - -c requirements.lock -o requirements-spark.lock

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

# PySpark comes as source: it is packed here, by the setuptools that the lock names.
$(SPARK_STAMP): requirements-spark.lock $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes \
	  --no-deps --no-compile --no-build-isolation --progress-bar off \
	  -r requirements-spark.lock
	@touch $@
