# The same few targets that CI calls. Everything is installed into .venv, from lock files
# with hashes, through the pip configuration of whoever runs it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --require-hashes
OURSELVES := $(PIP) install --quiet --no-deps --no-build-isolation --editable .
DEMO := build/demo
GATE := $(BIN)/mcpchain gate --policy examples/support-agent/policy.yaml \
	--advisories examples/support-agent/advisories --no-environment

.PHONY: demo test fuzz lint coverage bench lock clean

demo: $(VENV)/.run ## the main job on the example: the verdict, the BOM, the JSON
	@mkdir -p $(DEMO)
	@$(GATE) --bom $(DEMO)/support-agent.cdx.json examples/support-agent; \
	  status=$$?; test $$status -eq 10 || { echo "expected a denial (10), got $$status"; exit 1; }
	@$(GATE) --format json examples/support-agent > $(DEMO)/support-agent.json; test $$? -eq 10
	@echo
	@echo "That project is denied (exit code 10). Now the repaired one:"
	@echo
	@$(GATE) --bom $(DEMO)/support-agent-repaired.cdx.json examples/support-agent-repaired
	@echo
	@echo "BOMs and the verdict as JSON are in $(DEMO)/"

test: $(VENV)/.dev ## all tests
	$(BIN)/python -m pytest -q -n auto

lint: $(VENV)/.dev ## everything that reads the code instead of running it
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry mcpchain
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema custom.github-workflows-require-timeout \
	  .github/workflows/*.yml
	$(BIN)/zizmor --quiet --offline --strict-collection --persona pedantic .

fuzz: $(VENV)/.dev ## the laws again, with inputs that are new each time
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -q -n auto -m hypothesis

coverage: $(VENV)/.dev ## the tests again, with branch coverage
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -q -n auto --cov --cov-report=term-missing

bench: $(VENV)/.dev ## ratios on this machine; see tests/bench/
	$(BIN)/python -m tests.bench.run

lock: ## renew the lock files (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-strip-extras --no-emit-index-url --no-config \
	  pyproject.toml .github/requirements/build.in -o .github/requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-strip-extras --no-emit-index-url --no-config \
	  --all-extras pyproject.toml .github/requirements/build.in \
	  -c .github/requirements/run.txt -o .github/requirements/dev.txt

clean:
	rm -rf $(VENV) build dist .coverage* .*_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "mcpchain needs Python 3.11 or newer: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: .github/requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing mcpchain into $(VENV) ..."
	@$(INSTALL) -r .github/requirements/run.txt
	@$(OURSELVES)
	@touch $@

$(VENV)/.dev: .github/requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing mcpchain and its tools into $(VENV) ..."
	@$(INSTALL) -r .github/requirements/dev.txt
	@$(OURSELVES)
	@touch $@ $(VENV)/.run
