# `make help` lists the targets. Nothing but Python 3.11 or newer, git and make is needed.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3 || echo python3)
VENV := .venv/bin
BOOTSTRAP := $(PYTHON) innovscore/bootstrap.py
export PORT EMPTY

.DEFAULT_GOAL := help
.PHONY: help run run-reset stop test check lint format bench pins translations clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## start everything and serve http://127.0.0.1:8000 (PORT=8001 another port, EMPTY=1 no demo zone); Ctrl-C stops it
	@$(BOOTSTRAP) local
	@exec $(VENV)/python -m innovscore.launcher run

run-reset: ## delete the local data (.local) and start afresh
	@$(BOOTSTRAP) local
	@exec $(VENV)/python -m innovscore.launcher reset

stop: ## stop whatever `make run` or a test run left running
	@$(BOOTSTRAP) local
	@$(VENV)/python -m innovscore.launcher stop

test: ## every check and every test (same set-up as run, servers of its own)
	@$(BOOTSTRAP) dev
	@$(VENV)/python -m innovscore.launcher test

check: ## the checks without the tests: linters, types, doors between rooms, migrations, translations, deployment
	@$(BOOTSTRAP) dev
	@$(VENV)/python -m innovscore.launcher check

lint: ## the quick checks: ruff, djlint, doors between rooms
	@$(BOOTSTRAP) dev
	@$(VENV)/python -m innovscore.launcher lint

format: ## format the Python files
	@$(BOOTSTRAP) dev
	@$(VENV)/ruff format . && $(VENV)/ruff check --fix .

bench: ## speed ratios, with the machine and the versions
	@$(BOOTSTRAP) dev
	@$(VENV)/python -m innovscore.launcher bench

translations: ## add new texts to the po files and compile them
	@$(BOOTSTRAP) dev
	@$(VENV)/python -m innovscore.translations sync && $(VENV)/python -m innovscore.translations compile

pins: ## compile requirements*.txt from requirements*.in (newest allowed versions, with hashes)
	@$(BOOTSTRAP) pins

clean: stop ## remove the virtual environment, caches and all local data
	rm -rf .venv .local .ruff_cache .import_linter_cache .hypothesis
