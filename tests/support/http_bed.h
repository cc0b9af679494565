/* An account of driver http in memory: a description (a text, or one of config/providers.d), settings, one request, one answer, one callback. */
#ifndef TESTS_SUPPORT_HTTP_BED_H
#define TESTS_SUPPORT_HTTP_BED_H

#include "provider/spec.h"
#include "provider/vendor.h"
#include "tests/support/driver_bed.h"

#define HTTP_BED_MAX 16

struct http_bed {
    struct provider_conf conf;
    struct provider_setting settings[HTTP_BED_MAX];
    struct secret values[HTTP_BED_MAX], hook_secret, hook_token;
    struct spec *spec;
    struct provider_request req;
    struct err e;
    struct driver_told told;    /* by the last callback */
    const char *const *headers; /* "Name", "value", ..., NULL */
};

/* ${settings}: "key=value", NULL terminated; "hook_token=..." is the option. ${text}: a description. -1 with b->e. */
int http_bed_open(struct http_bed *b, const char *text, const char *url, const char *const *settings);
/* The same with config/providers.d/NAME.conf. */
int http_bed_ship(struct http_bed *b, const char *name, const char *url, const char *const *settings);
void http_bed_close(struct http_bed *b);
/* Judge an answer to ${n} messages. */
void http_bed_judge(struct http_bed *b, const struct provider_msg *m, size_t n, int status, const char *body,
                    struct provider_verdict *v);
/* What http_driver.callback says. */
int http_bed_call(struct http_bed *b, const char *method, const char *kind, const char *query,
                  const char *type, const char *body);

#endif
