/* How requests to the two large Chinese clouds are signed: ACS3-HMAC-SHA256 and its forerunner (Alibaba), TC3-HMAC-SHA256 (Tencent).
 *
 * Hides: the canonical forms. Pure: time and nonce stand among the headers. */
#ifndef PROVIDER_CLOUD_H
#define PROVIDER_CLOUD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/secret.h"

struct cloud_field {
    const char *name, *value;
    size_t n; /* bytes of the value */
};
#define CLOUD_FIELDS_MAX 24

struct cloud_request {
    const char *method, *path;
    const char *query;                 /* as cloud_query writes it, "" = none */
    const struct cloud_field *headers; /* those that are signed: lower case, sorted by name */
    size_t n_headers;
    const char *body;
    size_t body_len;
};

/* "name=value&...", both escaped as RFC 3986 has it, sorted by name; ${f} is sorted in place. */
void cloud_query(struct buf *out, struct cloud_field *f, size_t n);
/* SHA-256 as lower case hex: 64 characters and NUL. */
#define CLOUD_HEX 65
void cloud_hash(char out[CLOUD_HEX], const void *p, size_t n);

/* The value of Authorization. Who makes the request stands in ${id}. */
void cloud_acs3(struct buf *out, const struct cloud_request *r, const char *id, const struct secret *key);
void cloud_tc3(struct buf *out, const struct cloud_request *r, const char *service, int64_t now_ms,
               const char *id, const struct secret *key);
/* The value of the parameter Signature; ${query}: all parameters (those of a form too), as cloud_query writes them. */
void cloud_acs1(struct buf *out, const char *method, const char *query, const struct secret *key);

/* Of an address "https://host:443/path": what goes into the header Host, and the path ("/" when there is none). -1: it has a query, or does not fit. */
int cloud_address(const char *url, char *host, size_t n, const char **path);

#endif
