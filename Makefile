# crier: one Makefile, no recursion but for what has to look at the machine again after `make deps` changed it.
# Objects of each flavour live in $(BUILD)/<flavour>/.
#
#   make            build/crierd and build/crier
#   make deps       install what is missing from the distribution, by package name
#   make demo       the whole mission once, for real, with a transcript
#   make test       install what tests need, build, run every suite; last line "N passed, N failed"
#   make check      the developer's entry: tests, sanitizers, clang, fuzzing, formatting
#   make bench      performance as ratios against a yardstick in the same run
#   make install    DESTDIR= PREFIX=
#   make format, make check-format, make dist, make clean; single suites: see tests/targets.mk
#
#   FLAVOUR=release|asan|faults|fuzz   CC=clang   BUILD=dir   V=1   WERROR=-Werror

SHELL    := /bin/bash
FLAVOUR  ?= release
CC       ?= cc
BUILD    ?= build
B        := $(BUILD)/$(FLAVOUR)
DESTDIR  ?=
PREFIX   ?= /usr/local
SYSCONFDIR ?= /etc
VERSION  := $(shell cat VERSION)
V        ?= 0
Q        := $(if $(filter 1,$(V)),,@)

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef \
        -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wswitch-enum \
        -Werror=format-security -Werror=implicit-function-declaration $(WERROR)
# gcc reads uthash's "FALLTHROUGH" comments, clang does not.
WARN += $(if $(findstring clang,$(CC)),,-Wimplicit-fallthrough)
# clang 14 takes -ftrivial-auto-var-init=zero only together with a second switch that later clangs dropped.
INIT0 := $(shell echo | $(CC) -ftrivial-auto-var-init=zero -E -x c - >/dev/null 2>&1 && echo -ftrivial-auto-var-init=zero)
# x86 only
CET := $(shell echo | $(CC) -fcf-protection=full -E -x c - >/dev/null 2>&1 && echo -fcf-protection=full)
HARD := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
        $(CET) $(INIT0) -fno-strict-aliasing -fwrapv -fPIE
LDHARD := -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code

PKGS := libevent libcurl hiredis jansson libconfuse libutf8proc libcrypto expat
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null | sed 's|-I/usr/include/hiredis||')
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm

OPT_release := -O2 $(HARD)
OPT_asan    := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -fwrapv -DCRIER_TEST_BUILD
OPT_faults  := -O2 $(HARD) -DCRIER_TEST_BUILD
OPT_fuzz    := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fwrapv \
               -DCRIER_TEST_BUILD
LD_release  := $(LDHARD)
LD_asan     := -fsanitize=address,undefined
LD_faults   := $(LDHARD)
LD_fuzz     := -fsanitize=fuzzer,address,undefined

CPPFLAGS += -D_GNU_SOURCE -Isrc -I. -DCRIER_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
CFLAGS   += -std=gnu11 -g $(OPT_$(FLAVOUR)) $(WARN) -ffile-prefix-map=$(CURDIR)=.
LDFLAGS  += $(LD_$(FLAVOUR))

# What is compiled depends on these words too: when they change, everything is built anew.
FLAGS_NOW := $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)
ifneq ($(FLAGS_NOW),$(file <$(B)/flags))
$(shell mkdir -p $(B))
$(file >$(B)/flags,$(FLAGS_NOW))
endif

# Layers, lowest first: the order is also the link order (reversed). tests/lint/includes checks the directions.
LAYERS := base text model provider net config queue daemon client
DIR_base := src/base
DIR_text := src/text
DIR_model := src/model
DIR_provider := src/provider
DIR_net := src/net
DIR_config := config
DIR_queue := queue
DIR_daemon := daemon
DIR_client := client

src_of   = $(sort $(filter-out daemon/main.c client/main.c,$(wildcard $(DIR_$(1))/*.c $(DIR_$(1))/*.S)))
obj_of   = $(addprefix $(B)/,$(addsuffix .o,$(call src_of,$(1))))
LIBS     := $(foreach l,$(LAYERS),$(B)/lib$(l).a)
rev_libs  = $(B)/libdaemon.a $(B)/libqueue.a $(B)/libconfig.a $(B)/libprovider.a $(B)/libnet.a $(B)/libmodel.a $(B)/libtext.a $(B)/libbase.a
cli_libs  = $(B)/libclient.a $(B)/libconfig.a $(B)/libnet.a $(B)/libmodel.a $(B)/libtext.a $(B)/libbase.a

.PHONY: all
all: programs
ifeq ($(FLAVOUR),release)
	$(Q)ln -f $(B)/crierd $(BUILD)/crierd
	$(Q)ln -f $(B)/crier $(BUILD)/crier
endif

.PHONY: programs
programs: $(B)/crierd $(B)/crier

define layer_rule
$(B)/lib$(1).a: $(call obj_of,$(1))
	@mkdir -p $$(@D)
	$(Q)rm -f $$@ && ar rcsD $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer_rule,$(l))))

$(B)/%.c.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  CC  $<")
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/%.S.o: %.S $(B)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/crierd: $(B)/daemon/main.c.o $(rev_libs)
	@$(if $(filter 0,$(V)),echo "  LD  $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(rev_libs) -Wl,--end-group $(PKG_LIBS)

$(B)/crier: $(B)/client/main.c.o $(cli_libs)
	@$(if $(filter 0,$(V)),echo "  LD  $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(cli_libs) -Wl,--end-group $(PKG_LIBS)

# The assembler's .incbin is invisible to -MMD.
$(B)/queue/scripts_text.S.o: $(wildcard queue/lua/*.lua)
$(B)/daemon/assets.S.o: $(sort $(shell find console -type f 2>/dev/null))

.PHONY: deps deps-demo
deps-demo:
	$(Q).ci/deps build demo
deps:
	$(Q).ci/deps build

# What was missing a moment ago may be there now: pkg-config has to be asked again.
JOBS = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
AGAIN = $(MAKE) --no-print-directory $(JOBS)

.PHONY: demo
demo: deps-demo
	+$(Q)$(AGAIN) all
	$(Q)CRIER_BUILD=$(abspath $(BUILD)) tests/demo/run

BINDIR   := $(PREFIX)/bin
SBINDIR  := $(PREFIX)/sbin
SHAREDIR := $(PREFIX)/share
TO       := $(DESTDIR)
PUT      := install -D -m 644

# The configuration of a machine is never overwritten: the example goes to doc/, and to /etc only where there is nothing.
.PHONY: install
install: all
	install -D -m 755 $(B)/crierd $(TO)$(SBINDIR)/crierd
	install -D -m 755 $(B)/crier $(TO)$(BINDIR)/crier
	for m in docs/man/*.[1-8]; do $(PUT) $$m $(TO)$(SHAREDIR)/man/man$${m##*.}/$${m##*/} || exit 1; done
	for u in systemd/*.service; do $(PUT) $$u $(TO)$(PREFIX)/lib/systemd/system/$${u##*/} && \
	  sed -i 's|/usr/sbin/crierd|$(SBINDIR)/crierd|' $(TO)$(PREFIX)/lib/systemd/system/$${u##*/} || exit 1; done
	$(PUT) systemd/crier.sysusers.conf $(TO)$(PREFIX)/lib/sysusers.d/crier.conf
	$(PUT) systemd/crier.tmpfiles.conf $(TO)$(PREFIX)/lib/tmpfiles.d/crier.conf
	$(PUT) systemd/crier-redis.conf $(TO)$(SHAREDIR)/doc/crier/examples/crier-redis.conf
	$(PUT) config/crier.conf $(TO)$(SHAREDIR)/doc/crier/examples/crier.conf
	for t in $(wildcard config/festivals config/holidays/* config/providers.d/*); do $(PUT) $$t $(TO)$(SHAREDIR)/crier/$${t#config/} || exit 1; done
	for c in config/crier.conf $(wildcard config/templates/* config/providers.d/*) systemd/crier-redis.conf; do \
	  to=$(TO)$(SYSCONFDIR)/crier/$${c#*/}; test -e $$to || $(PUT) $$c $$to || exit 1; done
	$(PUT) -t $(TO)$(SHAREDIR)/doc/crier README.md NEWS.md LICENSE $(wildcard docs/*.md) queue/SCHEMA.md

FORMATTED = $(sort $(wildcard $(foreach l,$(LAYERS),$(DIR_$(l))/*.[ch]) tests/unit/*.[ch] tests/flow/*.[ch] tests/support/*.[ch] \
              tests/fuzz/*.[ch] tests/bench/*.[ch]))
CLANG_FORMAT ?= clang-format-14

.PHONY: format check-format
format:
	$(CLANG_FORMAT) -i $(FORMATTED)
check-format:
	@$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

.PHONY: dist
dist:
	@mkdir -p $(BUILD)
	git archive --format=tar.gz --prefix=crier-$(VERSION)/ -o $(BUILD)/crier-$(VERSION).tar.gz HEAD
	cd $(BUILD) && sha256sum crier-$(VERSION).tar.gz | tee crier-$(VERSION).tar.gz.sha256

.PHONY: clean
clean:
	rm -rf $(BUILD)

include tests/targets.mk
# Objects that only lead to other files are kept.
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
