# Two commands matter: `make run` and `make test`. Both start from a bare machine with Python.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8050
RECORDS ?= 300000

.PHONY: run test bench screenshots lint install dev clean

run: install data/simulated/labels.parquet
	$(BIN)/python -m ingest load data/simulated --cache data/cache
	$(BIN)/python -m dashboard serve --cache data/cache --port $(PORT) --known-ips data/sample/known_ips.csv

data/simulated/labels.parquet: | install
	$(BIN)/python -m ingest simulate data/simulated --hours 24 --records $(RECORDS) --incidents all

install: $(VENV)/.installed

dev: $(VENV)/.dev

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group dev
	touch $@

test: dev lint
	sh tests/install_chromium.sh
	sh tests/install_java.sh
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group bench
	$(BIN)/python -m tests.bench $(BENCH)

# Every state of the page, light and dark, at three widths, to be looked at: build/screenshots.
screenshots: dev
	$(BIN)/python -m tests.browser.screenshots

clean:
	rm -rf build data/cache data/simulated
