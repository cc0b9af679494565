# Everything about tests. `tests/run` is the runner: it knows the suites, their time limits and the last line.
#
#   make check-unit | check-flow | check-e2e | check-lint   one suite; TESTS=pattern picks some of it
#   make check-faults                                       the short selection of the fault matrix; make faults: all of it
#   make asan | check-clang | check-fuzz [FUZZ_SECONDS=20]  the further parts of `make check`

# Helpers of tests: linked into every test program.
SUPPORT_OBJ := $(addprefix $(B)/,$(addsuffix .o,$(sort $(wildcard tests/support/*.c))))
$(B)/libtestsupport.a: $(SUPPORT_OBJ)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcsD $@ $^

TEST_LIBS := $(B)/libtestsupport.a $(rev_libs) $(B)/libclient.a
TEST_LINK  = $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(TEST_LIBS) -Wl,--end-group $(PKG_LIBS)

# Unit and flow tests: one cmocka program for each tests/unit/test_*.c, tests/flow/test_*.c.
UNIT_BIN := $(patsubst tests/%.c,$(B)/%,$(sort $(wildcard tests/unit/test_*.c)))
FLOW_BIN := $(patsubst tests/%.c,$(B)/%,$(sort $(wildcard tests/flow/test_*.c)))
$(UNIT_BIN) $(FLOW_BIN): $(B)/%: $(B)/tests/%.c.o $(TEST_LIBS)
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LD  $@")
	$(Q)$(TEST_LINK) -lcmocka -lm

# Programs that pytest suites and benches start: one for each .c file.
TOOL_BIN := $(patsubst tests/%.c,$(B)/%,$(sort $(wildcard tests/bench/*.c tests/e2e/*.c tests/lint/*.c)))
$(TOOL_BIN): $(B)/%: $(B)/tests/%.c.o $(TEST_LIBS)
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LD  $@")
	$(Q)$(TEST_LINK) -lm

# What the fault matrix preloads into the daemon.
PRELOAD_SO := $(patsubst tests/%.c,$(B)/%.so,$(sort $(wildcard tests/faults/*.c)))
$(PRELOAD_SO): $(B)/%.so: tests/%.c $(B)/flags
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LD  $@")
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu11 -g -O2 $(WARN) -fPIC -shared -o $@ $< -ldl

# Fuzz targets: clang's libFuzzer, FLAVOUR=fuzz. tests/fuzz/fuzz_x.c starts from tests/fuzz/corpus_x/.
FUZZ_BIN := $(patsubst tests/%.c,$(B)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
$(FUZZ_BIN): $(B)/%: $(B)/tests/%.c.o $(TEST_LIBS)
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LD  $@")
	$(Q)$(TEST_LINK) -lm

.PHONY: unit flow tools faultkit fuzzers tests
unit: $(UNIT_BIN)
flow: $(FLOW_BIN)
tools: $(TOOL_BIN)
faultkit: $(PRELOAD_SO) $(B)/bench/hookload
fuzzers: $(FUZZ_BIN)
tests: programs unit flow tools

RUN = tests/run --build $(abspath $(BUILD)) $(if $(TESTS),-k '$(TESTS)')
FUZZ_SECONDS ?= 20

.PHONY: deps-test deps-check
deps-test:
	$(Q).ci/deps build test
deps-check:
	$(Q).ci/deps build test check

.PHONY: test
test: deps-test
	+$(Q)$(AGAIN) FLAVOUR=release all tests
	+$(Q)$(AGAIN) FLAVOUR=faults programs faultkit
	$(Q)$(RUN) unit flow e2e faults lint

# One after the other, stop at the first that fails: each is a condition for believing the next.
.PHONY: check
check: deps-check
	+$(Q)$(AGAIN) FLAVOUR=release all tests WERROR=-Werror
	+$(Q)$(AGAIN) FLAVOUR=faults programs faultkit
	+$(Q)$(AGAIN) FLAVOUR=asan tests
	+$(Q)$(AGAIN) check-clang
	+$(Q)$(AGAIN) FLAVOUR=fuzz CC=clang fuzzers
	+$(Q)$(AGAIN) check-format
	$(Q)$(RUN) --fuzz-seconds $(FUZZ_SECONDS) unit flow e2e faults lint unit/asan flow/asan e2e/asan faults/asan fuzz service

.PHONY: check-unit check-flow check-e2e check-faults check-lint check-service
check-unit: unit
	$(Q)$(RUN) unit$(SUITE)
check-flow: flow
	$(Q)$(RUN) flow$(SUITE)
check-e2e: programs tools
	$(Q)$(RUN) e2e$(SUITE)
check-faults:
	+$(Q)$(AGAIN) FLAVOUR=faults programs faultkit
	$(Q)$(RUN) faults
check-lint: programs tools
	$(Q)$(RUN) lint
check-service:
	$(Q)$(RUN) service
SUITE := $(if $(filter-out release,$(FLAVOUR)),/$(FLAVOUR))

# The whole fault matrix; WRITE=1 puts the table into docs/RELIABILITY.md. SEED=n repeats a run. SOAK=1: a thousand
# deaths instead.
.PHONY: faults
faults: deps-test
	+$(Q)$(AGAIN) FLAVOUR=faults programs faultkit
	$(Q)tests/faults/matrix --build $(abspath $(BUILD))/faults $(if $(SEED),--seed $(SEED)) $(if $(TESTS),-k '$(TESTS)') \
	  $(if $(SOAK),--soak) $(if $(WRITE),--write docs/RELIABILITY.md)

.PHONY: asan check-clang check-fuzz bench
asan:
	+$(Q)$(AGAIN) FLAVOUR=asan tests
	$(Q)$(RUN) unit/asan flow/asan e2e/asan
check-clang:
	+$(Q)$(AGAIN) CC=clang BUILD=$(BUILD)/clang FLAVOUR=release WERROR=-Werror programs unit flow tools
check-fuzz:
	+$(Q)$(AGAIN) FLAVOUR=fuzz CC=clang fuzzers
	$(Q)$(RUN) --fuzz-seconds $(FUZZ_SECONDS) fuzz
bench: deps-test
	+$(Q)$(AGAIN) FLAVOUR=release all tools
	$(Q)CRIER_BUILD=$(abspath $(BUILD)) tests/bench/run
