# crier: one Makefile, no recursion. Objects of each flavour live in build/<flavour>/.
#
#   make            build/crierd and build/crier
#   make deps       install what is missing from the distribution, by package name
#   make demo       the whole mission once, for real, with a transcript
#   make test       install what tests need, build, run every suite; last line "N passed, N failed"
#   make check      the developer's entry: tests, sanitizers, lint
#   make bench      performance as ratios against a yardstick in the same run
#   make install    DESTDIR= PREFIX=

SHELL    := /bin/bash
FLAVOUR  ?= release
CC       ?= cc
BUILD    ?= build
B        := $(BUILD)/$(FLAVOUR)
PREFIX   ?= /usr/local
VERSION  := $(shell cat VERSION)
V        ?= 0
Q        := $(if $(filter 1,$(V)),,@)

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef \
        -Wpointer-arith -Wcast-qual -Wwrite-strings -Wimplicit-fallthrough -Wvla -Wswitch-enum \
        -Werror=format-security -Werror=implicit-function-declaration $(WERROR)
# clang 14 takes -ftrivial-auto-var-init=zero only together with a second switch that later clangs dropped.
INIT0 := $(shell echo | $(CC) -ftrivial-auto-var-init=zero -E -x c - >/dev/null 2>&1 && echo -ftrivial-auto-var-init=zero)
HARD := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
        -fcf-protection=full $(INIT0) -fno-strict-aliasing -fwrapv -fPIE
LDHARD := -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code

PKGS := libevent libcurl hiredis jansson libconfuse libutf8proc libcrypto
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null | sed 's|-I/usr/include/hiredis||')
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

OPT_release := -O2 $(HARD)
OPT_asan    := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -fwrapv -DCRIER_TEST_BUILD
OPT_faults  := -O2 $(HARD) -DCRIER_TEST_BUILD
LD_release  := $(LDHARD)
LD_asan     := -fsanitize=address,undefined
LD_faults   := $(LDHARD)

CPPFLAGS += -D_GNU_SOURCE -Isrc -I. -DCRIER_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
CFLAGS   += -std=gnu11 -g $(OPT_$(FLAVOUR)) $(WARN) -ffile-prefix-map=$(CURDIR)=.
LDFLAGS  += $(LD_$(FLAVOUR))

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

$(B)/%.c.o: %.c
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  CC  $<")
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/%.S.o: %.S
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# .incbin is invisible to -MMD.
$(B)/queue/scripts_text.S.o: $(wildcard queue/lua/*.lua)

$(B)/crierd: $(B)/daemon/main.c.o $(rev_libs)
	@$(if $(filter 0,$(V)),echo "  LD  $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(rev_libs) -Wl,--end-group $(PKG_LIBS)

$(B)/crier: $(B)/client/main.c.o $(cli_libs)
	@$(if $(filter 0,$(V)),echo "  LD  $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(cli_libs) -Wl,--end-group $(PKG_LIBS)

# Unit tests: one cmocka program per tests/unit/test_*.c, linked against every layer (archives: only what it uses).
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SRC))
# tests/support: what several of them need (a private redis-server...).
SUPPORT_OBJ := $(addprefix $(B)/,$(addsuffix .o,$(sort $(wildcard tests/support/*.c))))
$(B)/libsupport.a: $(SUPPORT_OBJ)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcsD $@ $^
$(B)/unit/%: $(B)/tests/unit/%.c.o $(B)/libsupport.a $(rev_libs) $(B)/libclient.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(B)/libsupport.a -Wl,--start-group $(rev_libs) $(B)/libclient.a -Wl,--end-group $(PKG_LIBS) -lcmocka
.PHONY: unit
unit: $(UNIT_BIN)

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include tests/targets.mk
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
