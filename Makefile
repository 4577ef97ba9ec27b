# Words for the binary: make demo ARGS="--rate 30 --headless --seconds 60"
ARGS ?=
# Of your own: make demo FOOTAGE=dir (one video per camera), CUDA=1 (a libtorch for GPUs), GENLOCK_CACHE=dir
export FOOTAGE CUDA GENLOCK_CACHE

.PHONY: demo test bench fuzz fresh setup

demo:
	@bash scripts/demo.sh $(ARGS)

test:
	@bash scripts/test.sh

bench:
	@bash scripts/bench.sh $(ARGS)

# Searches for inputs that break parsers: make fuzz TARGET=take_header SECONDS=600
fuzz:
	@bash scripts/fuzz.sh $(or $(TARGET),all) $(or $(SECONDS),60)

# Before a release, as root: whether the set-up makes a bare Debian whole. See CONTRIBUTING.md.
fresh:
	@bash scripts/fresh.sh

# Everything short of compiling.
setup:
	@bash scripts/setup.sh
	@bash scripts/fetch-libtorch.sh >/dev/null
	@bash scripts/fetch-footage.sh >/dev/null
	@bash scripts/fetch-finder.sh >/dev/null
