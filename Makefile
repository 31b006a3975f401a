# Verbs for people and for continuous integration; the steps themselves are in scripts/ and in the commands they call.
RUN := scripts/run.sh

.DEFAULT_GOAL := help
.PHONY: help setup lock lint test demo sandbox sandbox-stop shell docs benchmark \
	replicate decode build archive preflight files publish reconcile migrate reporting

help: ## List the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## Install what is missing: server programs, .venv
	@scripts/setup.sh test

lock: setup ## Bring requirements/all.lock up to pyproject.toml
	UV_PYTHON_DOWNLOADS=never $(RUN) uv pip compile pyproject.toml requirements/bootstrap.in --group dev --group sandbox \
		--python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header --quiet \
		-o requirements/all.lock

lint: setup ## Check style and types of Python and SQL
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(RUN) sqlfluff lint dbt_project/models dispatch_project/models tests/dbt

test: setup ## Run every test on real servers
	$(RUN) python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder tests/end_to_end tests

demo: ## Migrate both generated systems in the sandbox and compare the outcomes with the answer keys
	@scripts/setup.sh demo
	scripts/demo.sh

sandbox: ## Start the sandbox, filled with a legacy system; leave it running; write .env
	@scripts/setup.sh demo
	scripts/sandbox.sh

sandbox-stop: ## Stop the sandbox's servers; their data stay
	$(RUN) python -m sandbox stop

shell: ## A shell with .venv and .env
	@$(RUN) "$${SHELL:-/bin/sh}"

docs: ## Build the mapping reference: dbt's documentation, one static page a system
	$(RUN) dbt docs generate --target-path target/docs
	$(RUN) dtx docs
	$(RUN) dbt docs generate --project-dir dispatch_project --profiles-dir dispatch_project --target-path target/docs
	$(RUN) dtx --system dispatch docs

benchmark: ## Measure the stages side by side with the usual tools
	$(RUN) python -m benchmarks.replicate
	$(RUN) python -m benchmarks.replicate_postgres
	$(RUN) python -m benchmarks.decode
	$(RUN) python -m benchmarks.archive
	$(RUN) python -m benchmarks.files
	$(RUN) python -m benchmarks.publish
	$(RUN) python -m benchmarks.notifications
	$(RUN) python -m benchmarks.reporting

replicate: ## Stage 1: DTX 1.0 into raw_dtx1
	$(RUN) meltano run tap-mysql target-postgres

decode: ## Stage 2: PHP payloads into rows
	$(RUN) dtx decode

build: ## Stage 3: the dbt models and their tests
	$(RUN) dbt build

preflight: ## What people should read before anything is written
	$(RUN) dtx preflight

archive: ## Stage 4: DTX 1.0's tables, exactly, encrypted
	$(RUN) dtx archive

files: ## Stage 5: files from EFS to S3, verified
	$(RUN) dtx files

publish: ## Stage 6: rows into DTX 2.0
	$(RUN) dtx publish

reconcile: ## Stage 7: what became of every source row
	$(RUN) dtx reconcile

migrate: ## All stages in order
	$(RUN) meltano run migrate

reporting: ## Rebuild the reporting tables from DTX 2.0 as it is now
	$(RUN) dbt build --select tag:reporting --exclude-resource-type unit_test
