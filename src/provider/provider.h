/* The driver interface: one file per API, pure: bytes in, bytes out; no sockets, no clock, no Redis.
 *
 * A driver turns messages into one HTTP request, an HTTP answer into verdicts, and callbacks into receipts and replies. */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include "base/http_msg.h"
#include "base/secret.h"
#include "model/policy.h"

/* One configured account, as its driver sees it. Owned by the configuration. */
struct provider_conf {
    const char *name, *driver, *channel, *community;
    const char *url;
    const struct secret *secret;
    size_t batch; /* configured recipients per request, >= 1 */
    const char *sign;
};

struct provider_msg {
    const char *to;   /* address for the channel: E.164 for sms */
    const char *text; /* rendered */
    size_t text_len;
    const char *ref; /* "NOTICE.INDEX.ATTEMPT": echoed by receipts; unique per attempt */
    enum lane lane;
};

struct provider_verdict {
    enum verdict verdict;
    int64_t retry_after_ms; /* THROTTLED; -1 = none told */
    /* THROTTLED: zero (the account, for as long as told) is what most APIs mean. */
    enum throttle_scope scope;
    enum throttle_until until;
    char id[80];     /* the provider's id for it, "" = none */
    char detail[96]; /* for people, no numbers, no text */
};

/* A request under construction: the driver fills the buffers; `call` points into them. */
struct provider_request {
    struct http_call call;
    struct buf body;
    struct buf url;
    struct buf headers; /* NUL separated lines backing header_list */
    const char *header_list[16];
};

struct provider_receipt {
    char ref[NOTICE_ID_MAX + 32];
    enum recipient_state state; /* DELIVERED or FAILED */
    char detail[96];
};
struct provider_reply {
    char id[128]; /* the provider's message id; a driver whose API has none derives one from all fields */
    char from[PHONE_MAX];
    char *text; /* borrowed for the call */
    size_t text_len;
    int64_t sent_at; /* 0 = not told */
};

/* One item of a callback that cannot be read. Everything is borrowed for the call. */
struct provider_bad {
    const char *item; /* the whole item as JSON text */
    size_t len;
    const struct err *why; /* code "bad-receipt" | "bad-reply", the member as field */
};

struct driver {
    const char *name;
    size_t batch_max; /* most recipients one request of this API can carry */
    bool needs_url;
    bool in_process; /* sandbox: no HTTP, the daemon hands the messages over directly */
    /* Check the account's settings. 0, or -1 with e->field naming the option. */
    int (*check)(const struct provider_conf *c, struct err *e);
    /* Build one request for 1..batch messages. 0, or -1 with code "bad-message" (nothing can be sent). `req` is reused between calls:
     * buffers are reset by the driver. Headers that never change may point into `state`. */
    int (*build)(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                 struct provider_request *req, struct err *e);
    /* Judge an ANSWERED exchange (other outcomes never reach a driver): one verdict per message; those the answer does not name stay UNKNOWN. */
    void (*classify)(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                     const struct http_answer *a, struct provider_verdict *v);
    /* Callbacks. ${each} is called for every item that can be read, ${bad} for every other one; one bad item keeps no good one out. Returns how many there were, or -1
     * with a code (-> 400): the body as a whole is nothing of this API, or it is one lone item and that is bad (told to ${bad} as well). NULL = the API has none. */
    int (*receipts)(const struct provider_conf *c, const char *body, size_t n,
                    void (*each)(void *arg, const struct provider_receipt *r),
                    void (*bad)(void *arg, const struct provider_bad *b), void *arg, struct err *e);
    int (*replies)(const struct provider_conf *c, const char *body, size_t n,
                   void (*each)(void *arg, const struct provider_reply *r),
                   void (*bad)(void *arg, const struct provider_bad *b), void *arg, struct err *e);
};

/* The table of all drivers; NULL when the name is none. provider_driver_at enumerates (NULL past the end). */
const struct driver *provider_driver(const char *name);
const struct driver *provider_driver_at(size_t i);
void provider_request_init(struct provider_request *r);
void provider_request_fini(struct provider_request *r);

#endif
