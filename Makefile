# One obvious command each. Everything is set up in $(VENV) from scratch, and again only when
# pyproject.toml changes. Another Python: `make test PYTHON=python3.12`. More options: ARGS="...".
# Tests run in WORKERS processes, a file in one; WORKERS=0 runs them in one process, for a debugger.
VENV ?= .venv
PYTHON ?=
ARGS ?=
WORKERS ?= 2
BIN := $(VENV)/bin
STAMP := $(VENV)/installed.stamp

.PHONY: help demo test test-slow check models figures films reference-results lab clean

help:
	@echo "make demo       run the main job: three tasks x three synchronization strategies x seeds"
	@echo "make test       run the tests"
	@echo "make test-slow  run the long tests only"
	@echo "make check      lint, format and types"
	@echo "make models     build models/ from the anatomy tables"
	@echo "make figures    draw the figures in docs/ and write its tables of measures and settings"
	@echo "make lab        open the lab in a browser"
	@echo "make films      film the main movements into docs/films"
	@echo "make reference-results  run the studies in full (hours; goes on where stopped), write docs/results"
	@echo "make clean      remove what was built (not $(VENV), not results/)"
	@echo "Options of the command under it: make demo ARGS=\"--seeds 10\""

# Asks each candidate to run, because a version manager's shim may be on the PATH and not work.
$(STAMP): pyproject.toml
	@set -e; python=; \
	for candidate in $(PYTHON) $(if $(PYTHON),,python3 python3.13 python3.12 python3.11 python); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python="$$candidate"; break; \
		fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "neurocoord needs Python 3.11 or later; $(if $(PYTHON),PYTHON=$(PYTHON) is not that,none was found on the PATH)." >&2; \
		echo "Install one (https://www.python.org/downloads/), or name yours: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$python" --version), about a minute..."; \
	"$$python" -m venv --clear "$(VENV)" || { \
		echo "$$python could not make a virtual environment (on Debian or Ubuntu: apt install python3-venv)." >&2; \
		exit 1; \
	}; \
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check -e ".[test]"; \
	touch "$@"

demo: $(STAMP)
	@"$(BIN)/neurocoord" compare $(ARGS)

test: $(STAMP)
	@"$(BIN)/python" -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

test-slow: $(STAMP)
	@"$(BIN)/python" -m pytest -m slow -n $(WORKERS) --dist load $(ARGS)

check: $(STAMP)
	@"$(BIN)/ruff" check .
	@"$(BIN)/ruff" format --check .
	@"$(BIN)/mypy"

models: $(STAMP)
	@"$(BIN)/python" -m neurocoord.body.build $(ARGS)

figures: $(STAMP)
	@"$(BIN)/python" docs/make_figures.py $(ARGS)
	@"$(BIN)/python" docs/make_motor_unit_figures.py
	@"$(BIN)/python" docs/make_energy_figures.py
	@"$(BIN)/python" docs/make_body_figures.py
	@"$(BIN)/python" docs/make_measure_figures.py
	@"$(BIN)/python" docs/make_pattern_figures.py
	@"$(BIN)/python" docs/make_synergy_figures.py
	@"$(BIN)/python" docs/make_dynamometer_figures.py
	@"$(BIN)/python" docs/make_settings.py

films: $(STAMP)
	@"$(BIN)/python" -m pip install --quiet --disable-pip-version-check -e ".[video]"
	@"$(BIN)/python" docs/make_films.py $(ARGS)

reference-results: $(STAMP)
	@"$(BIN)/python" docs/make_reference_results.py $(ARGS)

lab: $(STAMP)
	@"$(BIN)/neurocoord" lab $(ARGS)

clean:
	rm -rf build dist .numba_cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
