# `make` alone lists the targets. Every target sets up what it needs on first use.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

INPUT ?= data_samples
OUTPUT ?= out/c4
PRESET ?= en
RUNNER ?= DirectRunner
WORKERS ?=
ARGS ?=
CRAWL ?= CC-MAIN-2024-22
FILES ?= 2
WET ?= wet
DATA ?= out/c4
INIT ?= out/t5
TASKS ?= sst2=data_samples/tasks/sst2 superglue_rte=data_samples/tasks/superglue_rte
MODEL ?= tiny
CORPUS ?= out/mc4
MIXED ?= out/mixture
ALPHA ?=
ROOM ?= clean
GOOD ?= out/c4
BAD ?= out/noclean
CORES = $(shell $(PYTHON) -c "import os; print(len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count())")
TEXTS ?=
MINUTES ?= 30
FUZZ_SECONDS ?= 120
RIVALS := reference datatrove dolma warc near lines html fasttext judges

# Builds the samples where a target needs a corpus and none was named.
SAMPLE_CORPUS = $(if $(filter out/c4,$(DATA)),test -e $(DATA)/manifest.json || \
  $(PY) -m beam_jobs.build_c4 --input data_samples --output $(DATA))

# Tests start many processes: where each compiles all it imports anew, half of the time goes into that.
unexport PYTHONDONTWRITEBYTECODE

# What builds import: `setup` has it compiled (see there).
STARTED := apache_beam beam_jobs.pipelines beam_jobs.dry_run c4pipe.flow.build c4pipe.flow.progress c4pipe.compare.__main__ \
  c4pipe.inspect.__main__ c4pipe.verify.__main__ c4pipe.card.__main__ langdetect nltk numba sentencex tldextract

pretrain memorise: RUN ?= out/t5
finetune score: RUN ?= out/tasks
classifier: OUT ?= out/classifier.bin
study: NAME ?= methods
study: OUT ?= out/study/$(NAME)
comma := ,
empty :=
space := $(empty) $(empty)
STUDY_PRESETS := en,en.noclean,realnewslike
STUDY_DATA = --data $(if $(filter corpora,$(NAME)),$(foreach preset,$(subst $(comma), ,$(STUDY_PRESETS)),$(preset)=out/presets/$(preset)),$(DATA))

.DEFAULT_GOAL := help
.PHONY: help setup build-c4 pretrain finetune score study memorise rebalance inspect compare classifier axe verify browse fetch assets check lint fix quick test ecosystem golden pictures samples parity recipes warc bench bench-rivals \
  parts gpu identity languages scale profile pythons soak fuzz buckets docs package clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/ready ## make .venv from the lock (other targets call it; a second call is instant)

# The libraries have 25,000 files, of which commands import a tenth, and a Python with PYTHONDONTWRITEBYTECODE keeps nothing
# of what it compiles: so what they import is imported once, by two processes, in seconds. Where that fails, the command says why.
COMPILED = $(PY) -m compileall -q c4pipe beam_jobs model; \
  $(PY) -c 'import torch, model.train' & $(PY) -c 'import $(subst $(space),$(comma) ,$(STARTED))' & wait

# pip is quiet, so that nobody reads its pages; whoever waits for it is told why.
SAY = echo "Setting up $(@D): $(1), this once." >&2

# The lock is whole, so nothing is resolved, but for the GPU packages that torch pins itself: on Linux the last line adds
# them, where the CPU build of torch is not to be had.
$(VENV)/ready: requirements.lock requirements-cpu.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "c4pipe needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.11"; exit 2; }
	@$(call SAY,about a minute)
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
	  --requirement requirements-cpu.lock 2>/dev/null || true
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes --requirement requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[train]'
	@$(COMPILED)
	@touch $@

build-c4: setup ## build a corpus: INPUT= OUTPUT= PRESET= RUNNER= WORKERS= ARGS= (default: the samples, into out/c4)
	@$(PY) -m beam_jobs.build_c4 --input $(INPUT) --output $(OUTPUT) --preset $(PRESET) --runner $(RUNNER) \
	  $(if $(WORKERS),--workers $(WORKERS)) $(ARGS)

pretrain: setup ## train a T5 on a corpus: DATA= RUN= MODEL= ARGS= (default: tiny, on the samples, into out/t5; minutes)
	@$(SAMPLE_CORPUS)
	@$(PY) -m model.train --data $(DATA) --run $(RUN) --model $(MODEL) $(ARGS)

finetune: setup ## fine-tune a T5 on tasks: INIT= TASKS= RUN= ARGS= (default: out/t5, two sample tasks, into out/tasks; minutes)
	@$(if $(filter out/t5,$(INIT)),test -e out/t5/checkpoints || $(MAKE) --no-print-directory pretrain RUN=out/t5 ARGS=)
	@$(PY) -m model.finetune --init-from $(INIT) --run $(RUN) --tasks $(TASKS) $(ARGS)

score: setup ## score a fine-tuned T5 by what it writes: RUN= ARGS= (default: out/tasks)
	@$(PY) -m model.score --run $(RUN) $(ARGS)

# Corpora to compare are built of the samples where none are named.
study: setup ## repeat a study of the T5 paper: NAME= OUT= ARGS= (default: methods, tiny, on the samples; a quarter of an hour)
	@$(SAMPLE_CORPUS)
	@$(if $(filter corpora,$(NAME)),$(if $(findstring --data,$(ARGS)),,test -e out/presets/realnewslike/manifest.json || \
	  $(PY) -m beam_jobs.build_c4 --input data_samples --output out/presets --preset $(STUDY_PRESETS)))
	@$(PY) -m model.study $(NAME) --out $(OUT) $(if $(findstring --data,$(ARGS)),,$(STUDY_DATA)) $(ARGS)

memorise: setup ## ask a model for passages of its corpus: RUN= DATA= ARGS= (default: out/t5, out/c4; trains it if need be)
	@$(SAMPLE_CORPUS)
	@$(if $(filter out/t5,$(RUN)),test -e out/t5/checkpoints || $(MAKE) --no-print-directory pretrain RUN=out/t5 ARGS=)
	@$(PY) -m model.memorise --run $(RUN) --data $(DATA) $(ARGS)

rebalance: setup ## mix the languages of a corpus by temperature: CORPUS= MIXED= ALPHA= ARGS= (default: of the samples)
	@$(if $(filter out/mc4,$(CORPUS)),test -e $(CORPUS)/manifest.json || \
	  $(PY) -m beam_jobs.build_c4 --input data_samples --output $(CORPUS) --preset multilingual)
	@$(PY) -m beam_jobs.rebalance --corpus $(CORPUS) --output $(MIXED) $(if $(ALPHA),--alpha $(ALPHA)) --runner $(RUNNER) \
	  $(if $(WORKERS),--workers $(WORKERS)) $(ARGS)

inspect: setup ## look at a corpus: prints its funnel and writes DATA/report.html: DATA= ARGS= (default: out/c4)
	@$(SAMPLE_CORPUS)
	@$(PY) -m c4pipe.inspect $(DATA) $(ARGS)
	@$(if $(ARGS),,$(PY) -m c4pipe.inspect $(DATA) --html)

compare: setup ## which of two corpora is better, and what differs: A= B= ARGS= (default: out/c4 and the samples without rules)
	@$(if $(A)$(B),,$(SAMPLE_CORPUS))
	@$(if $(A)$(B),,test -e out/noclean/manifest.json || \
	  $(PY) -m beam_jobs.build_c4 --input data_samples --output out/noclean --preset en.noclean)
	@$(PY) -m c4pipe.compare $(or $(A),out/c4) $(or $(B),out/noclean) $(ARGS)

# Training needs a fasttext package that does not go beside the one in .venv: it runs in a venv of its own.
classifier: setup bench/.venv-fasttext/ready ## train a classifier of pages: GOOD= BAD= OUT= ARGS= (default: the samples, cleaned or not; seconds)
	@$(if $(filter out/c4,$(GOOD)),$(SAMPLE_CORPUS))
	@$(if $(filter out/noclean,$(BAD)),test -e out/noclean/manifest.json || \
	  $(PY) -m beam_jobs.build_c4 --input data_samples --output out/noclean --preset en.noclean)
	@$(PY) -m c4pipe.classifier train $(GOOD) $(BAD) --out $(OUT) --python bench/.venv-fasttext/bin/python $(ARGS)

axe: assets/axe.min.js ## fetch axe-core from npm, by which tests look whether everybody can use the report and the viewer

AXE_CORE := axe-core@4.14.1

assets/axe.min.js:
	@mkdir -p assets
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && cd "$$folder" && npm pack --silent $(AXE_CORE) > /dev/null && \
	  tar -xzf axe-core-*.tgz package/axe.min.js && mv package/axe.min.js "$(CURDIR)/$@"

verify: setup ## check every file of a corpus, a mixture or a training run: DATA= ARGS= (default: out/c4)
	@$(SAMPLE_CORPUS)
	@$(PY) -m c4pipe.verify $(DATA) $(ARGS)

browse: setup ## open the local viewer of a corpus: DATA= ARGS= (default: out/c4)
	@$(SAMPLE_CORPUS)
	@$(PY) -m c4pipe.inspect $(DATA) --serve $(ARGS)

fetch: setup ## download WET files of a crawl, politely and resumably: CRAWL= FILES= WET= ARGS= (default: two, into wet)
	@$(PY) -m c4pipe.fetch --crawl $(CRAWL) --files $(FILES) --output $(WET) $(ARGS)

assets: setup ## fetch the full word lists, news domains and Punkt data into ./assets, checksums checked
	@$(PY) -m c4pipe.fetch.assets $(ARGS)

lint: setup ## format, lint and types
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

check: lint bench/.venv-docs/ready ## format, lint, types, spelling, layers and docs
	bench/.venv-docs/bin/typos
	$(PY) -m pytest tests/test_layers.py tests/test_docs.py tests/test_prose.py

fix: setup ## let the tools mend format and lint, and write the generated parts of the docs
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .
	$(PY) -m tests.docs

# A room is a folder or module of c4pipe, or model. Its tests bear its name; doctests are in its modules.
quick: setup ## what a change in one room needs, within a minute: ROOM=clean ARGS= (lint, layers, its tests but slow ones)
	$(VENV)/bin/ruff check .
	$(PY) -m pytest -n $(CORES) -m 'not soak and not slow' tests/test_layers.py \
	  $(or $(wildcard tests/$(ROOM) tests/test_$(ROOM).py c4pipe/$(ROOM) c4pipe/$(ROOM).py),$(error no room ROOM=$(ROOM))) $(ARGS)

# One process more than cores: some tests wait, for a browser, a disk or a death.
test: setup ## all tests: ARGS= goes to pytest
	$(PY) -m pytest -n $$(($(CORES) + 1)) --dist worksteal $(ARGS)

ecosystem: setup ## what a change of a rule does to the samples and to real pages: ARGS= (--write: records the real ones anew)
	@$(PY) -m tests.ecosystem $(ARGS)

golden: setup ## write data_samples/expected anew: read the diff before you commit it
	$(PY) -m tests.golden

pictures: setup ## make the pictures of README and docs from data_samples (those of report and viewer need Chromium)
	$(PY) -m tests.golden pictures

samples: setup ## write the WET and WARC files of data_samples anew from their pages
	$(PY) data_samples/make_samples.py
	$(PY) data_samples/make_warc.py

parity: setup bench/.venv-reference/ready ## compare en.tfds page for page with the installed TensorFlow Datasets: INPUT=
	$(PY) -m bench.parity $(if $(filter-out data_samples,$(INPUT)),--input $(INPUT)) $(ARGS)

recipes: setup bench/.venv-datatrove/ready ## compare the rules of gopher and fineweb with datatrove's: INPUT= ARGS= (--speed)
	$(PY) -m bench.recipes $(if $(filter-out data_samples,$(INPUT)),--input $(INPUT)) $(ARGS)

bench: setup ## measure a build, stage by stage, beside the reference, datatrove, dolma, warcio and FastWARC: ARGS= (--growth)
	-@$(MAKE) --no-print-directory --keep-going bench-rivals
	$(PY) -m bench.build $(ARGS)
	$(PY) -m bench.compiled

# Each in a venv of its own. What cannot be installed is left out of the bench, which says so.
bench-rivals: $(RIVALS:%=bench/.venv-%/ready) ## install what `make bench` measures us against

parts: setup ## measure the parts against their plain rivals: cleaning, bad words, language, sentences, reader
	$(PY) -m bench.parts $(ARGS)

# With a corpus and a vocabulary of one's own: DATA=out/mine ARGS='--training "--tokenizer out/base/tokenizer"'. Of the samples
# no vocabulary of 32,000 pieces can be made.
gpu: setup ## what a GPU has to say of the trainer, in ten minutes at most: DATA= ARGS= (--rehearse: tiny, on a CPU)
	@$(SAMPLE_CORPUS)
	@$(PY) -m bench.gpu --data $(DATA) $(ARGS) $(if $(filter out/c4,$(DATA)),$(if $(findstring --training,$(ARGS)),,--training "--vocab-size 2000"))

identity: setup ## compare our langdetect with the package itself over 20,000 texts in 55 languages
	$(PY) -m bench.identity $(ARGS)

scale: setup ## measure dedup up to 50 million lines and the shuffles of a crawl, and write the tables of docs/explanation/scale.md
	$(PY) -m bench.dedup $(ARGS)
	$(PY) -m bench.shuffle
	$(PY) -m bench.scale --write

profile: setup ## flame graph of a build, into out/profile: INPUT= WORKERS= ARGS=
	$(PY) -m bench.flame $(if $(filter-out data_samples,$(INPUT)),--input $(INPUT)) $(if $(WORKERS),--workers $(WORKERS)) $(ARGS)

languages: setup ## measure the language identifiers: on texts CODE.txt in TEXTS=, else on those that are held out: ARGS=--fetch
	$(PY) -m $(if $(TEXTS),bench.languages --texts $(TEXTS),bench.web_languages) $(ARGS)

pythons: setup ## install the wheel under each supported Python on PATH, build the samples, and compare what came out
	$(PY) -m bench.pythons

soak: setup ## the longest tests, damage to runs and corpora, then builds that are killed and whose files fail for MINUTES=30
	$(PY) -m pytest -m soak
	$(PY) -m bench.soak_run --count $$((5 * $(MINUTES)))
	$(PY) -m bench.soak --minutes $(MINUTES) $(ARGS)
	$(PY) -m bench.soak_corpus
	$(PY) -m bench.soak_output
	$(PY) -m bench.damage --trials 150

fuzz: setup bench/.venv-fuzz/ready ## fuzz the reader, the cleaner, the parsers and the matcher for FUZZ_SECONDS=120 each
	for target in reader cleaner manifest lists matcher; do \
	  bench/.venv-fuzz/bin/python -m bench.fuzz $$target --seconds $(FUZZ_SECONDS) $(ARGS) || exit 1; done

warc: setup bench/.venv-html/ready ## read WARC: its tests, then what it takes beside resiliparse: ARGS= (--html FOLDER, --hostile)
	bench/.venv-html/bin/python -m pytest tests/html tests/jobs/test_warc.py
	bench/.venv-html/bin/python -m bench.warc $(ARGS)

buckets: setup bench/.venv-buckets/ready ## builds in emulators of S3 and GCS that fail now and then: ARGS= goes to pytest
	bench/.venv-buckets/bin/python -m pytest tests/flow/test_emulators.py $(ARGS)

# Beside what they need themselves they see the libraries of .venv, so that little is installed twice.
bench/.venv-html/ready bench/.venv-buckets/ready: bench/.venv-%/ready: bench/requirements-%.txt $(VENV)/ready
	@$(call SAY,a minute or two)
	@$(PYTHON) -m venv $(@D)
	@$(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > $$($(@D)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/venv.pth
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

bench/.venv-fuzz/ready: bench/requirements-fuzz.txt requirements.lock
	@$(call SAY,a minute or two)
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-cpu.lock 2>/dev/null || true
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements-fuzz.txt
	@touch $@

# T5's own modules, which ask for TensorFlow only where they read data.
bench/.venv-t5/ready: bench/requirements-t5.txt
	@$(call SAY,a minute or two)
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps t5==0.9.4
	@touch $@

bench/.venv-%/ready: bench/requirements-%.txt
	@$(call SAY,a minute or two)
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# The source folder is the checkout, for links lead to code and to the READMEs. A warning, such as of a dead link, is an error.
docs: bench/.venv-docs/ready ## make the site of the docs, links checked, into out/docs
	bench/.venv-docs/bin/python -m sphinx --quiet --jobs auto --fail-on-warning --keep-going -c docs . out/docs
	@echo "open out/docs/index.html"

package: setup ## make the wheel that Dataflow workers can install: dist/c4pipe-*.whl
	$(PY) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean: ## remove out/ and every cache; .venv and assets stay
	rm -rf out dist .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
