# Everything a developer or CI calls. `make demo` needs only git, make and Python >= 3.11 with venv.
PYTHON ?= python3
VENV ?= .venv
# Where pip looks for torch beside its index, for example https://download.pytorch.org/whl/cpu to avoid CUDA.
TORCH_INDEX ?=
RUN_NAME ?= runs/demo-$(shell date +%Y%m%d-%H%M%S)

PIP = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
TORCH = $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) torch==$(shell sed -n 's/^torch==//p' constraints.txt)
CODE = src tests benchmarks docs examples
PYTEST = OMP_NUM_THREADS=1 $(VENV)/bin/pytest -n auto --dist worksteal

.PHONY: demo install check test coverage bench docs published fusion elsewhere speakers results clips default-model cards javascript page train-demo clean

demo: $(VENV)/core  ## core install only, then predict the example clips
	$(VENV)/bin/paraverbal predict examples/clips
	@du -sm $(VENV)/lib/python*/site-packages | awk '{print "installed: " $$1 " MB"}'

install: $(VENV)/full  ## everything, into .venv

check: $(VENV)/full  ## style and types
	$(VENV)/bin/ruff check $(CODE)
	$(VENV)/bin/ruff format --check $(CODE)
	$(VENV)/bin/mypy

test: $(VENV)/full  ## all tests, one thread on each core; those on real recordings where PARAVERBAL_CORPORA is set
	$(PYTEST)

coverage: $(VENV)/full  ## all tests, and the lines of ours that none of them runs; takes half as long again
	$(PYTEST) --cov --cov-report=term-missing:skip-covered

bench: $(VENV)/full  ## ratios measured side by side, into docs/results/; installs openSMILE and Praat, to compare with
	$(PIP) $(TORCH) --editable '.[dev,bench]'
	for name in install training batches prediction command int8 saliency frontend audit text timeline service own_model encoders activity praat praat_formants egemaps; do $(VENV)/bin/python benchmarks/$$name.py || exit 1; done

docs: $(VENV)/full  ## the documentation that scripts make; RUN=a cnn-lstm run for the walkthrough, CNN_RUN=an adaptive-cnn run
	$(VENV)/bin/python docs/settings.py
	$(VENV)/bin/python docs/outputs.py
	$(VENV)/bin/python docs/descriptors.py
	$(VENV)/bin/python docs/concepts.py
	$(VENV)/bin/python docs/text_page.py
	for name in timeline service saliency; do $(VENV)/bin/python docs/$${name}_numbers.py || exit 1; done
	$(if $(RUN),$(VENV)/bin/python docs/walkthrough.py --run $(RUN),@echo 'walkthrough left as it is: give RUN=FOLDER')
	$(if $(CNN_RUN),$(VENV)/bin/python docs/models.py --run $(CNN_RUN),@echo 'models page left as it is: give CNN_RUN=FOLDER')

published: $(VENV)/full  ## every published system again (hours, can be interrupted); needs PARAVERBAL_CORPORA
	$(VENV)/bin/python docs/published.py
	$(VENV)/bin/python docs/results.py

fusion: $(VENV)/full  ## voice and words together, on a made corpus and RAVDESS (an hour); needs PARAVERBAL_CORPORA
	$(VENV)/bin/python docs/fusion.py

elsewhere: $(VENV)/full  ## corpora left out in turn, and a few clips of them learnt (an hour); needs PARAVERBAL_CORPORA
	$(VENV)/bin/python docs/elsewhere.py
	$(VENV)/bin/python docs/results.py

speakers: $(VENV)/full  ## speakers shared against apart, cross-validated (an hour); needs PARAVERBAL_CORPORA
	$(VENV)/bin/python docs/speakers.py
	$(VENV)/bin/python docs/results.py

results: $(VENV)/full  ## docs/results.md from docs/results/*.json
	$(VENV)/bin/python docs/results.py

clips: $(VENV)/full  ## the example clips anew; needs Debian's espeak-ng
	command -v espeak-ng >/dev/null || apt-get install --yes espeak-ng
	$(VENV)/bin/python examples/make_clips.py

default-model: $(VENV)/full  ## the bundled model anew (a quarter of an hour); needs PARAVERBAL_CORPORA
	$(VENV)/bin/paraverbal train paraverbal-robust --output runs/default --robustness \
	    --corpus $(PARAVERBAL_CORPORA)/aesdd --corpus $(PARAVERBAL_CORPORA)/ravdess --corpus $(PARAVERBAL_CORPORA)/urdu; \
	    test $$? -le 1  # 1: one of AESDD's recordings is broken
	rm -r src/paraverbal/models_bundled/default
	$(VENV)/bin/paraverbal export runs/default --output src/paraverbal/models_bundled/default \
	    --name default --licence cc-by-nc-sa-4.0 --weights
	$(VENV)/bin/python docs/results.py keep default runs/default

cards: $(VENV)/full  ## the model cards of the bundled models anew, from their manifests
	$(VENV)/bin/python -c "from paraverbal.bundle.load import BUNDLED, model_names; from paraverbal.report.deploy import write_card; [write_card(BUNDLED / name) for name in model_names()]"

javascript:  ## onnxruntime-web, to run the JavaScript of the model cards in the tests; needs Debian's nodejs and npm
	command -v npm >/dev/null || apt-get install --yes nodejs npm
	npm install --silent --no-fund --no-audit --prefix build/javascript onnxruntime-web@1.30.0

page: $(VENV)/full  ## the service's page in Debian's chromium: its tests, and its pictures in docs/
	command -v chromium >/dev/null || apt-get install --yes chromium
	fc-list :lang=zh | grep -q . || apt-get install --yes fonts-wqy-microhei
	$(VENV)/bin/pytest -m browser
	$(VENV)/bin/python docs/page_pictures.py

train-demo: $(VENV)/full  ## a real training: on URDU where PARAVERBAL_CORPORA is set, else on made speech
ifdef PARAVERBAL_CORPORA
	$(VENV)/bin/paraverbal train cnn-lstm-16khz --corpus "$(PARAVERBAL_CORPORA)/urdu" --output $(RUN_NAME)
else
	$(VENV)/bin/python examples/make_corpus.py $(RUN_NAME)-corpus
	$(VENV)/bin/paraverbal train cnn-lstm-16khz --corpus $(RUN_NAME)-corpus --output $(RUN_NAME) --set training.epochs=20
endif

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/core: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable .
	touch $@

$(VENV)/full: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) $(TORCH) --editable '.[dev]'
	touch $@ $(VENV)/core
