# make run | make test | make check
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)

.PHONY: run test check setup clean

run: .venv/installed
	.venv/bin/suite run ablations/bn_vs_dropout.yaml

test: .venv/installed
	.venv/bin/python -m pytest

check: .venv/installed
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m pytest

setup: .venv/installed

.venv/installed: pyproject.toml
ifneq ($(UV),)
	test -x .venv/bin/python || uv venv --python $(PYTHON) .venv
	uv pip install --compile-bytecode --python .venv/bin/python -e ".[dev]"  # as pip does; else every Ray process compiles
else
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install -e ".[dev]"
endif
	touch .venv/installed

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
