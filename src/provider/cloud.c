#include "provider/cloud.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/tz.h"
#include "provider/sign.h"

#define CANON_MAX (1u << 20)
#define DAY_S     86400

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct cloud_field *)a)->name, ((const struct cloud_field *)b)->name);
}

void cloud_query(struct buf *out, struct cloud_field *f, size_t n)
{
    qsort(f, n, sizeof(*f), by_name);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_chr(out, '&');
        sign_percent(out, f[i].name, strlen(f[i].name));
        buf_chr(out, '=');
        sign_percent(out, f[i].value, f[i].n);
    }
}

static void add_hash(struct buf *out, const void *p, size_t n)
{
    uint8_t sum[SIGN_MAX];

    sign_hex(out, sum, sign_hash(SIGN_SHA256, p, n, sum), false);
}

void cloud_hash(char out[CLOUD_HEX], const void *p, size_t n)
{
    struct buf b = {.data = out, .len = 0, .cap = CLOUD_HEX, .ceiling = CLOUD_HEX - 1, .overflow = false};

    add_hash(&b, p, n);
}

/* ---- what both sign ---- */

static void names_of(struct buf *out, const struct cloud_request *r)
{
    for (size_t i = 0; i < r->n_headers; i++)
        buf_fmt(out, "%s%s", i > 0 ? ";" : "", r->headers[i].name);
}

/* The hash of the canonical request. */
static void add_request(struct buf *out, const struct cloud_request *r)
{
    struct buf canon = BUF_INIT(CANON_MAX);

    buf_fmt(&canon, "%s\n%s\n", r->method, r->path);
    buf_str(&canon, r->query);
    buf_chr(&canon, '\n');
    for (size_t i = 0; i < r->n_headers; i++) {
        buf_fmt(&canon, "%s:", r->headers[i].name);
        buf_add(&canon, r->headers[i].value, r->headers[i].n);
        buf_chr(&canon, '\n');
    }
    buf_chr(&canon, '\n');
    names_of(&canon, r);
    buf_chr(&canon, '\n');
    add_hash(&canon, r->body, r->body_len);
    if (canon.overflow)
        out->overflow = true;
    add_hash(out, canon.data, canon.len);
    buf_fini(&canon);
}

static void add_hmac(struct buf *out, const void *key, size_t key_len, const struct buf *text)
{
    uint8_t sum[SIGN_MAX];

    sign_hex(out, sum, sign_hmac(SIGN_SHA256, key, key_len, text->data, text->len, sum), false);
}

/* ---- Alibaba ---- */

void cloud_acs3(struct buf *out, const struct cloud_request *r, const char *id, const struct secret *key)
{
    struct buf text = BUF_INIT(256);

    buf_str(&text, "ACS3-HMAC-SHA256\n");
    add_request(&text, r);
    buf_fmt(out, "ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=", id);
    names_of(out, r);
    buf_str(out, ",Signature=");
    add_hmac(out, key->value, key->len, &text);
    if (text.overflow)
        out->overflow = true;
    buf_fini(&text);
}

void cloud_acs1(struct buf *out, const char *method, const char *query, const struct secret *key)
{
    struct buf text = BUF_INIT(CANON_MAX), with_mark = BUF_INIT(65540);
    uint8_t sum[SIGN_MAX];
    size_t n;

    buf_fmt(&text, "%s&%%2F&", method);
    sign_percent(&text, query, strlen(query));
    buf_add(&with_mark, key->value, key->len);
    buf_chr(&with_mark, '&');
    n = sign_hmac(SIGN_SHA1, with_mark.data, with_mark.len, text.data, text.len, sum);
    sign_base64(out, sum, n);
    if (text.overflow || with_mark.overflow)
        out->overflow = true;
    buf_wipe(&with_mark);
    buf_fini(&with_mark);
    buf_fini(&text);
}

/* ---- Tencent ---- */

/* The key of the day: HMACs of date, service and a word, one with the other's result. */
static size_t day_key(const struct secret *key, const char *date, const char *service, uint8_t out[SIGN_MAX])
{
    const char *const steps[] = {date, service, "tc3_request"};
    struct buf first = BUF_INIT(65540);
    uint8_t next[SIGN_MAX];
    size_t n;

    buf_str(&first, "TC3");
    buf_add(&first, key->value, key->len);
    n = sign_hmac(SIGN_SHA256, first.data, first.len, steps[0], strlen(steps[0]), out);
    buf_wipe(&first);
    buf_fini(&first);
    for (size_t i = 1; i < 3; i++) {
        n = sign_hmac(SIGN_SHA256, out, n, steps[i], strlen(steps[i]), next);
        memcpy(out, next, n);
    }
    return n;
}

void cloud_tc3(struct buf *out, const struct cloud_request *r, const char *service, int64_t now_ms,
               const char *id, const struct secret *key)
{
    struct buf text = BUF_INIT(512);
    uint8_t day[SIGN_MAX];
    char date[40];
    int year, month, of_month, len;
    size_t n;

    tz_date(now_ms / 1000 / DAY_S, &year, &month, &of_month);
    len = snprintf(date, sizeof(date), "%04d-%02d-%02d", year, month, of_month);
    if (len != 10)
        panic("no day can be written for %lld", (long long)now_ms);
    buf_fmt(&text, "TC3-HMAC-SHA256\n%lld\n%s/%s/tc3_request\n", (long long)(now_ms / 1000), date, service);
    add_request(&text, r);
    buf_fmt(out, "TC3-HMAC-SHA256 Credential=%s/%s/%s/tc3_request, SignedHeaders=", id, date, service);
    names_of(out, r);
    buf_str(out, ", Signature=");
    n = day_key(key, date, service, day);
    add_hmac(out, day, n, &text);
    if (text.overflow)
        out->overflow = true;
    buf_fini(&text);
}

/* ---- addresses ---- */

int cloud_address(const char *url, char *host, size_t n, const char **path)
{
    bool tls = strncmp(url, "https://", 8) == 0;
    const char *from = strstr(url, "://"), *port = tls ? ":443" : ":80";
    size_t len;

    if (from == NULL || strpbrk(url, "?#") != NULL)
        return -1;
    from += 3;
    len = strcspn(from, "/");
    *path = from[len] != '\0' ? from + len : "/";
    if (len > strlen(port) && strncmp(from + len - strlen(port), port, strlen(port)) == 0)
        len -= strlen(port); /* as libcurl writes it */
    if (len == 0 || len >= n)
        return -1;
    memcpy(host, from, len);
    host[len] = '\0';
    return 0;
}
