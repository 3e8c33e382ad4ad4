# The two commands that matter: `make demo` and `make test`. Both build .venv by themselves; they need Python 3.11+.
PYTHON ?= python3
BIN := .venv/bin
EXTERNAL ?=
PYTEST ?=

.PHONY: demo test coverage check train notebooks bench lock clean

.venv/tools: requirements/lock.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip==25.3  # older ones stumble over hashes of extras
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	touch $@

.venv/neural: .venv/tools requirements/torch.txt requirements/neural.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/torch.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/neural.txt
	touch $@

.venv/package: .venv/tools pyproject.toml README.md $(shell find pipeline corpus models -type f -not -name '*.pyc')
	rm -rf dist
	$(BIN)/python -m build --quiet --wheel --no-isolation
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall dist/*.whl
	touch $@

demo: .venv/package  ## classify the sample file into the four plans
	$(BIN)/hyeoksin classify tests/data/sample_tasks.csv --format table
	$(BIN)/hyeoksin classify tests/data/sample_tasks.csv --output demo-out/sample_tasks.xlsx
	$(BIN)/hyeoksin classify tests/data/sample_tasks.csv --output demo-out/sample_tasks.jsonl
	$(BIN)/hyeoksin explain "복지 사각지대에 놓인 위기가구를 전력 사용량으로 찾아내어 읍면동이 방문하는 사업을 전남 목포시가 한전과 함께 시작한다."

# one thread a process: idle threads of BLAS and torch spin, which the other process pays for
test: .venv/package .venv/neural  ## all tests, on the installed wheel
	tests/browser/install.sh
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(PYTEST)

coverage:  ## all tests, and the lines that none of them reached (counting them takes two fifths more time)
	$(MAKE) test PYTEST="--cov --cov-report=term"

# bandit B608 is S608 of ruff, whose exceptions carry their reasons
check: .venv/package  ## lint, format, types, import contracts, security, dependencies, licences
	$(BIN)/ruff check pipeline tests bench notebooks .ci
	$(BIN)/ruff format --check pipeline tests bench notebooks .ci
	$(BIN)/mypy
	PYTHONPATH=pipeline $(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --severity-level medium --skip B608 pipeline 2> /dev/null
	$(BIN)/python .ci/audit_dependencies.py
	$(BIN)/python -m pip check
	$(BIN)/pip-licenses --partial-match --fail-on "GNU General Public;GNU Affero;AGPL" > /dev/null

train: .venv/package .venv/neural  ## train again; EXTERNAL=DIR adds the public texts of corpus/external.yaml
	$(BIN)/hyeoksin train --corpus corpus --output models/default $(if $(EXTERNAL),--external $(EXTERNAL))

notebooks: .venv/package .venv/neural  ## run the notebooks' scripts again and keep their outputs
	$(BIN)/python notebooks/keep.py

bench: .venv/package  ## throughput and start-up beside bare Kiwi
	$(BIN)/python bench/throughput.py

LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header
# torch comes first and by itself (requirements/torch.txt): what its public wheel would bring stays out of the lock
CUDA := torch triton cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas nvidia-cuda-cupti nvidia-cuda-nvrtc nvidia-cuda-runtime \
	nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile nvidia-curand nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 nvidia-nccl-cu13 \
	nvidia-nvjitlink nvidia-nvshmem-cu13 nvidia-nvtx

lock:  ## pin all dependencies with hashes (needs uv)
	$(LOCK) --extra docs --extra batch --extra dask --extra fetch --extra web --extra report --extra audit --extra skos --extra postgres --extra lessons --group dev -o requirements/lock.txt
	$(LOCK) --extra neural -c requirements/lock.txt -c requirements/torch.txt $(addprefix --no-emit-package ,$(CUDA)) -o requirements/neural.txt

clean:
	rm -rf .venv dist demo-out
