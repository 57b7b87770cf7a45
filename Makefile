# The whole study in one place. README.md lists the same steps without make.

PYTHON ?= python3
BIN    := .venv/bin
READY  := .venv/.ready
# The pipeline calls papermill and nbstripout by name, so they must be found before any other copy.
RUN    := PATH="$(CURDIR)/$(BIN):$$PATH"
# Source notebooks are committed without outputs; opening one in JupyterLab must not ask for a new run.
STRIP  := $(BIN)/nbstripout --keep-id --extra-keys "metadata.language_info cell.metadata.execution"

export DVC_NO_ANALYTICS = 1

.DEFAULT_GOAL := help
.PHONY: help setup reproduce test browser check bench lock strip lab explore photos release recipes real

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY)  ## create .venv with the versions pinned in requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "make: '$(PYTHON)' is not Python 3.11 or newer; name one that is: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: '$(PYTHON)' cannot create environments; install its venv module (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@# Without the mark an earlier set-up was cut short and may have left half a package: start over.
	@test -e $@ && $(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@rm -f $@
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'import cv2' || { \
	  echo "make: OpenCV misses a system library (Debian, Ubuntu: apt-get install libgl1 libglib2.0-0)" >&2; exit 1; }
	@touch $@

reproduce: strip  ## run the whole study at the profile named in params.yaml, from data to figures
	$(RUN) $(BIN)/python tools/reproduce.py
	@$(BIN)/python tools/summary.py

test: setup  ## lint, run the unit tests and execute every notebook (profile smoke)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(STRIP) --verify notebooks/*.ipynb
	$(RUN) LPR_GFPGAN_PROFILE=smoke python tools/test.py -rs

browser: setup  ## test the sliders in a real browser; installs Chromium where apt-get can
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null || { \
	  test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium >/dev/null; } || { \
	  echo "make: no Chromium; install it (Debian: apt-get install chromium) or Google Chrome" >&2; exit 1; }
	$(RUN) LPR_GFPGAN_PROFILE=smoke pytest -rs tests/explore/test_browser_*.py

check: setup  ## compare this machine's figures with the committed ones
	$(BIN)/python tools/check.py

.venv-bench/.ready: requirements.lock benchmarks/published/requirements.txt
	@test -x $(BIN)/uv || $(MAKE) setup
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-bench
	$(BIN)/uv pip install --quiet --python .venv-bench/bin/python --requirement requirements.lock
	$(BIN)/uv pip install --quiet --python .venv-bench/bin/python --no-deps --no-build-isolation --requirement benchmarks/published/requirements.txt
	@touch $@

bench: setup .venv-bench/.ready  ## time this package against the published GFP-GAN (BENCH="--sizes 128" for less)
	.venv-bench/bin/python -m benchmarks.published $(BENCH)

lock: setup  ## resolve requirements.lock again from pyproject.toml
	$(BIN)/uv pip compile --quiet pyproject.toml --extra dev --python-version 3.11 --universal \
	  --no-emit-index-url --no-annotate --custom-compile-command "make lock" --output-file requirements.lock

strip: setup  ## clear the outputs of the source notebooks
	$(STRIP) notebooks/*.ipynb

# An upload is one message, and by itself a server hangs up, silently, at one of more than 10 MiB.
LARGE := tornado_settings="{'websocket_max_message_size': 268435456}"

lab: setup  ## open JupyterLab on the notebooks
	$(RUN) jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root )--ServerApp.$(LARGE)

explore: setup  ## open the sliders as a page without code
	$(RUN) voila notebooks/explore.ipynb --Voila.$(LARGE)

photos: setup  ## fetch the real photographs named in data.dvc (needs the internet)
	@$(RUN) dvc pull data.dvc || { echo "photos: nothing was fetched. This needs the internet, for the repository that data.dvc names." >&2; exit 1; }

# As many as there are cores for two threads of work each, or GPUs.
PROCESSES ?= 2

release: setup  ## train the weights that ship with the package, on drawn plates and the photographs that may train
	$(RUN) torchrun --standalone --nproc-per-node=$(PROCESSES) tools/release.py

recipes: setup  ## train two restorers with and without the three contributions, and test both on photographs
	$(RUN) torchrun --standalone --nproc-per-node=$(PROCESSES) tools/recipes.py

real: setup  ## restore and score the real plates in the folder LPR_GFPGAN_REAL_PLATES
	@$(BIN)/python tools/real.py
	$(RUN) dvc repro -R real
