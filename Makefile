# `make lab` opens the notebooks, `make test` checks every claim in them; `make help` lists the rest.

PYTHON ?= python3
VENV ?= .venv
# PyTorch's CPU wheel index, to avoid the large CUDA build that plain pip takes on Linux; see the README.
TORCH_INDEX ?=
EXTRAS ?= lab,test
LAB_ARGS ?=
PYTEST_ARGS ?=

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
# JupyterLab refuses to start for root, whom containers have, without being told.
ROOT_FLAG := $(if $(filter 0,$(shell id -u)),--allow-root)
endif
READY := $(VENV)/.ready-$(EXTRAS)
COURSE := $(VENV)/.ready-lab,test,course,cluster
BOOK := $(VENV)/.ready-course,book
BROWSER := $(VENV)/.ready-lab,test,course,cluster,book,browser
NODE := $(VENV)/node/.ready
PY := $(BIN)/python$(if $(filter Windows_NT,$(OS)),.exe)
# A folder that was moved or copied keeps its environment: the package is found here, wherever that was made.
export PYTHONPATH := $(CURDIR)
# What a reader has set for other projects, and would lead Python, pip or Jupyter away from this one.
unexport PYTHONHOME PYTHONOPTIMIZE PYTHONSAFEPATH PYTHONWARNINGS PIP_PREFIX PIP_ROOT PIP_TARGET JUPYTER_PATH
# The tests' workers, and the kernel of each page, would compile the same modules again.
unexport PYTHONDONTWRITEBYTECODE
export PIP_USER := 0
export PYTHONUTF8 := 1
export JUPYTER_PREFER_ENV_PATH := 1
# For matrices this small, threads that wait for each other cost more than they bring; see rnn_helpers/_threads.py.
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help lab test test-filled seeds coverage test-portable test-oldest test-newest lint refresh reset update \
  assignments grade gradescope test-course book test-browser

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' Makefile

lab: $(READY) ## set up what is missing and open JupyterLab on the notebooks
	$(PY) -m jupyterlab --notebook-dir=notebooks $(ROOT_FLAG) $(LAB_ARGS)

test: $(READY) ## set up what is missing and check every claim: notebooks, package, guards
	$(PY) -m pytest -n 2 --dist loadscope $(PYTEST_ARGS) notebooks tests

# Apart from the tests, because nbval would call a filled page changed.
test-filled: $(READY) ## run each page with its exercises filled in, rightly and wrongly
	$(PY) -m pytest -o addopts='-p tools.settings' -n 2 $(PYTEST_ARGS) tests/filled

# Those to try, for seeds; yes or no, for grade.
PAGES ?=
# Apart from the tests, because it takes some twenty minutes.
seeds: $(READY) ## try what pages 7 to 12 say of training from ten other starts each: make seeds [PAGES="09 10"]
	$(PY) -m tools.seeds $(PAGES)

# Apart from the tests, because measuring takes a third of their time again.
coverage: $(READY) ## measure how much of the package the unit tests reach, branch by branch
	$(PY) -m coverage run -m pytest $(PYTEST_ARGS) --ignore=tests/test_series.py tests
	$(PY) -m coverage report

# torch, then OpenBLAS, then NumPy's own loops, each told to use what an older CPU has.
test-portable: export ATEN_CPU_CAPABILITY = default
test-portable: export MKL_ENABLE_INSTRUCTIONS = SSE4_2
test-portable: export OPENBLAS_CORETYPE = Nehalem
test-portable: export NPY_DISABLE_CPU_FEATURES = X86_V4 X86_V3
test-portable: $(READY) ## the same claims on an imitation of another CPU
	$(PY) -m pytest -n 2 --dist loadscope notebooks tests --deselect tests/test_series.py::test_make_lab_serves_the_notebooks

# Each in an environment of its own; torch stays at the version of the stored outputs.
test-oldest: ## the same claims on the oldest versions that pyproject.toml allows
test-newest: ## the same claims on the newest versions there are
test-oldest test-newest: test-%: .venv-%/.ready
	.venv-$*/bin/python -m pytest -n 2 --dist loadscope notebooks tests --deselect tests/test_series.py::test_make_lab_serves_the_notebooks

.venv-%/bin/python:
	$(PYTHON) -m venv --clear .venv-$*

# Of the versions that have a wheel for this Python, the lowest of each that pyproject.toml names.
.venv-oldest/constraints.txt: pyproject.toml constraints.txt .venv-oldest/bin/python
	.venv-oldest/bin/python -m $(PIP_INSTALL) -c constraints.txt uv
	grep '^torch==' constraints.txt | .venv-oldest/bin/python -m uv pip compile pyproject.toml --extra lab --extra test \
	  --constraint - --resolution lowest-direct --only-binary :all: --quiet --output-file $@

# Made anew each time: what is the newest changes by itself.
.PHONY: .venv-newest/constraints.txt
.venv-newest/constraints.txt: .venv-newest/bin/python
	grep '^torch==' constraints.txt > $@

.venv-oldest/.ready .venv-newest/.ready: %/.ready: %/constraints.txt
	$*/bin/python -m $(PIP_INSTALL) --upgrade --upgrade-strategy eager -c $*/constraints.txt -e '.[lab,test]'
	@touch $@

lint: $(READY) ## check format and style of package, tests and notebooks
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

PAGE ?=
refresh: $(READY) ## re-execute the notebooks, or one (PAGE=05), in place and store their outputs in one canonical form
	$(PY) -m tools.series refresh $(PAGE)

assignments: $(COURSE) ## make the learners' versions of the assignments, with a zip for each, in build/assignments
	$(PY) -m rnn_grading assignments

SUBMISSIONS ?=
JOBS ?= 2
SCHEDULER ?=
assignments grade: export WALLS := $(WALLS)
# Taken from the environment by the shell, where an apostrophe in a name is nothing special.
grade: export SUBMISSIONS := $(value SUBMISSIONS)
grade: $(COURSE) ## grade a folder of submissions: make grade SUBMISSIONS=folder [JOBS=2] [PAGES=no] [WALLS=no] ...
	@$(PY) -m rnn_grading grade --jobs $(JOBS) --pages $(or $(PAGES),yes) --scheduler "$(SCHEDULER)" $(GRADE_ARGS) "$$SUBMISSIONS"

gradescope: $(COURSE) ## make an autograder for Gradescope of each assignment, in build/gradescope
	$(PY) -m rnn_grading gradescope

test-course: $(COURSE) ## check handing out and grading, on a corpus of good, bad and hostile submissions
	$(PY) -m pytest -o addopts='-p tools.settings' -n 2 --dist loadfile -rs --cov --cov-config=tests/course/coverage.ini $(PYTEST_ARGS) tests/course

book: $(BOOK) $(NODE) ## make the series a web site, in build/book
	$(PY) -m book.build $(VENV)/node/node_modules

# Debian's chromium; another is given as CHROMIUM=path.
CHROMIUM ?= $(or $(shell command -v chromium || command -v chromium-browser || command -v google-chrome),chromium)
test-browser: export CHROMIUM := $(CHROMIUM)
test-browser: export NODE_MODULES := $(abspath $(VENV)/node/node_modules)
test-browser: $(BROWSER) book ## try every page of the book, and every notebook in JupyterLab, in a real browser
	$(PY) -m pytest -o addopts='-p tools.settings' -n 2 --dist loadscope tests/browser

reset: $(READY) ## move changed notebooks to notebooks/my_copies and bring the published ones back
	$(PY) -m tools.series reset

FROM ?=
update: $(READY) ## bring a newer version, and put what you wrote into its pages: make update [FROM=folder of copies]
	$(PY) -m tools.series update $(if $(FROM),"$(FROM)")

PIP_INSTALL = pip install --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
# Without its Python, which an upgrade of the system can take away, an environment is made anew.
$(PY):
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed, and there is no $(PYTHON); name another: make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, and $(PYTHON) is `$(PYTHON) -V 2>&1`; name another: make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)

# The set-up, done again only when the project's own requirements change; if that fails, what is there will do.
SET_UP = $(PY) -m $(PIP_INSTALL) -c constraints.txt -e '.[$*]'
$(READY) $(COURSE) $(BOOK) $(BROWSER): $(VENV)/.ready-%: pyproject.toml constraints.txt $(PY)
	@if ! test -e $@; then $(SET_UP); \
	else echo "Bringing the set-up up to date ..."; PIP_RETRIES=0 $(SET_UP) >$(VENV)/set-up.log 2>&1; fi \
	&& touch $@ || { test -e $@ && echo "That failed (is there a network?): going on with what is installed. See $(VENV)/set-up.log"; }

# What the book serves to browsers, MathJax and a typeface, comes from npm at this step and from the site ever after.
$(NODE): book/package.json book/package-lock.json $(BOOK)
	@command -v npm >/dev/null || { echo "npm is missing: the book takes MathJax and its typeface from npm; on Debian and Ubuntu: apt install npm"; exit 1; }
	mkdir -p $(VENV)/node
	cp book/package.json book/package-lock.json $(VENV)/node
	cd $(VENV)/node && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
