#include "tests/support/http_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static const char now_nonce[] = "0123456789abcdef0123456789abcdef";
static char hook_text[] = "hook-secret";

static void put(struct secret *s, const char *value)
{
    *s = (struct secret){.value = xstrdup(value), .len = strlen(value)};
}

static void take_settings(struct http_bed *b, const char *const *settings)
{
    for (; settings != NULL && *settings != NULL; settings++) {
        const char *equals = strchr(*settings, '=');
        size_t i = b->conf.n_settings;

        assert_non_null(equals);
        if (strncmp(*settings, "hook_token=", 11) == 0) {
            put(&b->hook_token, equals + 1);
            continue;
        }
        assert_true(i < HTTP_BED_MAX);
        put(&b->values[i], equals + 1);
        b->settings[i] = (struct provider_setting){.key = xstrndup(*settings, (size_t)(equals - *settings)),
                                                   .value = &b->values[i]};
        b->conf.n_settings++;
    }
}

static int open_as(struct http_bed *b, const char *text, const char *file, const char *url,
                   const char *const *settings)
{
    memset(b, 0, sizeof(*b));
    b->hook_secret = (struct secret){.value = hook_text, .len = strlen(hook_text)};
    b->conf = (struct provider_conf){.name = "p1",
                                     .driver = "http",
                                     .channel = "sms",
                                     .account = "",
                                     .app = "",
                                     .sender = "",
                                     .region = "",
                                     .variant = "",
                                     .secret = NULL,
                                     .hook_token = &b->hook_token,
                                     .public_url = "https://venus.example",
                                     .hook_secret = &b->hook_secret,
                                     .batch = 1,
                                     .sign = "测试签名",
                                     .settings = b->settings};
    provider_request_init(&b->req);
    b->req.now_ms = 1716192000123; /* 2024-05-20T08:00:00Z */
    memcpy(b->req.nonce, now_nonce, sizeof(now_nonce));
    take_settings(b, settings);
    b->spec = spec_parse(text, strlen(text), file, &b->e);
    b->conf.spec = b->spec;
    if (b->spec == NULL)
        return -1;
    b->conf.url = url != NULL ? url : spec_base(b->spec);
    return 0;
}

int http_bed_open(struct http_bed *b, const char *text, const char *url, const char *const *settings)
{
    return open_as(b, text, "x.conf", url, settings);
}

int http_bed_ship(struct http_bed *b, const char *name, const char *url, const char *const *settings)
{
    char path[200], text[SPEC_FILE_MAX];
    FILE *f;
    size_t n;

    assert_true(snprintf(path, sizeof(path), "config/providers.d/%s.conf", name) > 0);
    f = fopen(path, "r");
    if (f == NULL)
        fail_msg("%s is not there", path);
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    (void)fclose(f);
    return open_as(b, text, path, url, settings);
}

void http_bed_close(struct http_bed *b)
{
    for (size_t i = 0; i < b->conf.n_settings; i++) {
        union {
            const char *borrowed;
            char *ours;
        } key = {.borrowed = b->settings[i].key};

        free(key.ours);
        secret_fini(&b->values[i]);
    }
    secret_fini(&b->hook_token);
    provider_request_fini(&b->req);
    spec_free(b->spec);
}

void http_bed_judge(struct http_bed *b, const struct provider_msg *m, size_t n, int status, const char *body,
                    struct provider_verdict *v)
{
    driver_judge(&http_driver, &b->conf, m, n, status, body, -1, v);
}

static const char *header(void *arg, const char *name)
{
    const struct http_bed *b = arg;

    for (const char *const *h = b->headers; h != NULL && *h != NULL; h += 2)
        if (strcasecmp(h[0], name) == 0)
            return h[1];
    return NULL;
}

int http_bed_call(struct http_bed *b, const char *method, const char *kind, const char *query,
                  const char *type, const char *body)
{
    struct provider_callback in = {.method = method,
                                   .kind = kind,
                                   .url = "",
                                   .query = query,
                                   .content_type = type,
                                   .body = body,
                                   .now_ms = b->req.now_ms,
                                   .header = header,
                                   .arg = b};

    return driver_call(&http_driver, &b->conf, in, &b->told, &b->e);
}
