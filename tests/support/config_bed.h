/* A configuration file in a directory of its own, and secrets in the environment. */
#ifndef TESTS_SUPPORT_CONFIG_BED_H
#define TESTS_SUPPORT_CONFIG_BED_H

#include "config/config.h"

#define MINIMAL                                                                                              \
    "community \"venus\" { name = \"金星社区\"  areas = {\"460106\"}  timezone = \"Asia/Shanghai\" }\n"  \
    "redis    { url = \"unix:///run/x/redis.sock\" }\n"                                                      \
    "listen   { admin = \"unix:///run/x/admin.sock\"   http = \"127.0.0.1:8025\" }\n"                        \
    "provider \"p1\" { driver = \"json\"  channel = \"sms\"  url = \"http://127.0.0.1:9000/send\"  window "  \
    "= 64  rate = 0 "                                                                                        \
    " batch = 1  secret = \"env:P1_SECRET\"  hook_secret = \"env:P1_HOOK\" }\n"

#define V "community \"v\" { }\n"

/* The world of one test. */
extern struct config_bed {
    char dir[40];
    char file[64];
} config_bed;

void config_bed_write(const char *bytes, size_t n);
struct config *config_bed_load(const char *text, const char *const *sets, const char *dev, struct err *e);
int config_bed_setup(void **state);
int config_bed_teardown(void **state);

#endif
