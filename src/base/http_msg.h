/* An HTTP request and its outcome as plain values: what a driver builds and reads, what net/http carries. */
#ifndef BASE_HTTP_MSG_H
#define BASE_HTTP_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A request. Everything is borrowed by http_begin until its completion or cancel. */
struct http_call {
    const char *method;         /* "POST" or "GET" */
    const char *url;            /* complete; fixed by configuration, never by a stranger */
    const char *const *headers; /* "Name: value" lines, NULL terminated; no control characters. May be NULL */
    const char *body;           /* NULL = none */
    size_t body_len;
    int64_t connect_timeout_ms;
    int64_t timeout_ms;    /* the whole exchange */
    size_t answer_ceiling; /* most bytes of answer body kept; more = IN_DOUBT. 0 = 256 KiB */
};

/* What became of it, decided by the bytes that were written and read, never by the library's error code. */
enum http_outcome {
    HTTP_ANSWERED, /* a complete HTTP answer: `status` and `body` count */
    HTTP_NOT_SENT, /* not one byte of the request was written: it is safe to send it again */
    HTTP_IN_DOUBT  /* (part of) it was written and no complete answer came */
};

struct http_answer {
    enum http_outcome outcome;
    int status;       /* ANSWERED only */
    const char *body; /* borrowed for the completion's duration; not NUL terminated */
    size_t body_len;
    int64_t retry_after_ms; /* from Retry-After (seconds or date); -1 = none or unreadable */
    bool timed_out;         /* one of our timeouts ended it */
    int64_t took_us;
    char detail[96]; /* for people: "connection refused", "timed out after 5000 ms". No URL, no number */
};

#endif
