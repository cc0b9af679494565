/* One request on its way through the API: who asks, for which community, what, and the ways to answer.
 *
 * Every call is answered exactly once, by one of the functions below; the call is gone afterwards. */
#ifndef DAEMON_API_CALL_H
#define DAEMON_API_CALL_H

#include <jansson.h>

#include "daemon/api.h"
#include "daemon/routes.h"

struct tokens;
struct api_memo;

struct api {
    struct app *app;
    struct httpd *httpd;
    struct tokens *tokens;
    struct api_memo *memo;
    TAILQ_HEAD(api_calls, api_call) calls;
    int64_t redis_lag_us;
};

struct api_call {
    struct api *api;
    struct app *app;
    struct httpd_req *req;
    struct routes_match match;
    const struct route *route;
    struct community *community; /* NULL on global routes */
    struct queue *q;             /* its side queue; on global routes the first community's */
    const char *tz;
    char who[64], peer[64];
    enum role role;
    char only[40];    /* the key is valid for this community only; "" = all */
    bool local, full; /* came over the Unix socket; may see complete numbers */
    json_t *body;     /* parsed; NULL when there is none */
    void *state;      /* the handler's own, freed with the call by state_free */
    void (*state_free)(void *state);
    char *memo_key; /* keep the answer under this Idempotency-Key */
    char body_hash[65];
    char target[80]; /* what was made, for the audit trail; "" = the first parameter of the path */
    bool gone;       /* a streamed answer whose client went away */
    bool streaming;
    int status;
    TAILQ_ENTRY(api_call) entry;
};

/* ---- answers; each ends the call ---- */
void api_call_json(struct api_call *c, int status, json_t *taken);
void api_call_text(struct api_call *c, int status, const char *type, const char *text, size_t n);
/* {"error":{"code","message","field","doc"}} */
void api_call_error(struct api_call *c, int status, const char *code, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* From a module's failure: the status follows the code. */
void api_call_err(struct api_call *c, const struct err *e);
/* Anything but QUEUE_OK. */
void api_call_refused(struct api_call *c, const struct queue_result *r);
/* A queue_done_fn with the call as argument: {"ok":true} or the refusal. */
void api_call_on_done(void *call, const struct queue_result *r);
/* Only what is common to all ends: audit trail, freeing. For api_list and streams. */
void api_call_end(struct api_call *c);
json_t *api_call_error_json(const char *code, const char *field, const char *message);
/* {"error":...} for a queue's refusal; *${status} = the HTTP status for it. */
json_t *api_call_result_json(const struct queue_result *r, int *status);
/* For the audit trail: an identifier, never a number or a text of a person. */
void api_call_target(struct api_call *c, const char *target);
/* Zeroed memory that is freed with the call. Once per call. */
void *api_call_state(struct api_call *c, size_t n);

/* ---- reading the request ---- */
const char *api_call_query(const struct api_call *c, const char *name); /* NULL when absent or empty */
bool api_call_flag(const struct api_call *c, const char *name);         /* "1" or "true" */
/* 0, or -1 after answering 400. Absent = ${otherwise}. */
int api_call_query_i64(struct api_call *c, const char *name, int64_t min, int64_t max, int64_t otherwise,
                       int64_t *out);
/* String member of the body; NULL when it is none. */
const char *api_call_member(const struct api_call *c, const char *name);

/* ---- writing values ---- */
json_t *api_call_time(const struct api_call *c,
                      int64_t at);                /* ISO 8601 in the community's zone; null for 0 */
json_t *api_call_string(const char *s, size_t n); /* any bytes: what is not UTF-8 becomes U+FFFD */
json_t *api_call_phone(const struct api_call *c, const char *e164); /* masked unless c->full */
/* A stranger's text: numbers in it are masked unless c->full. */
json_t *api_call_words(const struct api_call *c, const char *s, size_t n);
/* The same for text that is JSON already; appended to ${out}. */
void api_call_mask_text(struct buf *out, const char *s, size_t n);

#endif
