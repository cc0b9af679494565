/* The driver interface: one file per API, pure: bytes in, bytes out; no sockets, no clock, no Redis.
 *
 * A driver turns messages into one HTTP request, an HTTP answer into verdicts, and callbacks into receipts and replies. What it needs of the world (the time, a
 * nonce, an access token) stands in the values it is given, so that every byte it makes can be written down in a test. */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include "base/http_msg.h"
#include "base/secret.h"
#include "model/policy.h"

struct vendor_template;
struct spec; /* driver http: the description of an API, compiled: provider/spec.h */

/* A setting of the account, for driver http. */
struct provider_setting {
    const char *key;
    const struct secret *value;
};

/* One configured account, as its driver sees it. Everything is borrowed from the configuration; never NULL where a string is ("" = not set). */
struct provider_conf {
    const char *name, *driver, *channel, *community;
    const char *url;
    const char *account, *app, *sender, *region, *variant; /* what they mean is the driver's: crier.conf(5) */
    const struct secret *secret;
    const struct secret *hook_token,
        *hook_key; /* what signs and encrypts callbacks, where that is another secret */
    const char *
        public_url; /* how the provider sees us, without "/" at the end: callbacks come to PUBLIC_URL/hooks/NAME/SECRET/KIND */
    const struct secret *hook_secret;
    size_t batch; /* configured recipients per request, >= 1 */
    const char *sign;
    const struct vendor_template *templates; /* approved by the vendor; only its own */
    size_t n_templates;
    const struct provider_setting *settings;
    size_t n_settings;
    const struct spec *spec;
};

/* An address of a person: "+86138...", "wechat:OPENID", "wecom:USERID". */
#define PROVIDER_ADDRESS_MAX 96

/* Why a message is sent; some APIs have a way of their own for each. */
enum provider_purpose {
    PURPOSE_NOTICE = 0,
    PURPOSE_PROMOTION,
    PURPOSE_ALERT,
    PURPOSE_ANSWER /* to somebody who just wrote */
};

struct provider_msg {
    const char *to;   /* address for the channel: E.164 for sms, an OPENID for wechat, a userid for wecom */
    const char *text; /* rendered */
    size_t text_len;
    const char *ref; /* "NOTICE.INDEX.ATTEMPT": echoed by receipts; unique per attempt */
    enum lane lane;
    enum provider_purpose purpose;
    int64_t not_after; /* when it is of no use any more, for APIs that can be told; 0 = never */
};

/* What a verdict or a receipt says of the recipient for the time to come. */
enum provider_about {
    ABOUT_NOTHING = 0,
    ABOUT_OPTED_OUT,   /* told the provider or the carrier that he wants nothing (more) */
    ABOUT_DEAD_NUMBER, /* no such number, or not one that can be reached this way */
    ABOUT_MISSED       /* off, suspended, out of area: says something only when it is said again and again */
};

struct provider_verdict {
    enum verdict verdict;
    int64_t retry_after_ms; /* THROTTLED; -1 = none told */
    /* THROTTLED: zero (the account, for as long as told) is what most APIs mean. RETRY with THROTTLE_RECIPIENT: says nothing against the provider. */
    enum throttle_scope scope;
    enum throttle_until until;
    bool stale_token; /* BAD_ACCOUNT: refused for its access token: a new one may help */
    enum provider_about about;
    char id[80];     /* the provider's id for it, "" = none */
    char detail[96]; /* for people, no numbers, no text */
};

/* For queue_report and people_about: "", "out", "dead", "missed". */
const char *provider_about_name(enum provider_about about);

#define PROVIDER_HEADERS_MAX 15

/* A request under construction: the driver fills the buffers; `call` points into them. */
struct provider_request {
    struct http_call call;
    struct buf body;
    struct buf url;
    struct buf headers; /* NUL separated lines backing header_list */
    const char *header_list[PROVIDER_HEADERS_MAX + 1];
    size_t header_at[PROVIDER_HEADERS_MAX], n_headers; /* of provider_header */
    /* Given to the driver by whoever sends: */
    int64_t now_ms;    /* of the day, UTC */
    char nonce[33];    /* 32 hex digits, never the same twice; for drivers with wants_nonce */
    const char *token; /* the access token of drivers that have `token`, else "" */
};

struct provider_receipt {
    char ref[NOTICE_ID_MAX + 32]; /* "" when the API does not echo it: then ${id} (and ${to}) say which */
    char id[80];
    char to[PROVIDER_ADDRESS_MAX]; /* E.164 as the receipt tells it, "" = not told */
    enum recipient_state state;    /* DELIVERED or FAILED */
    enum provider_about about;
    char detail[96];
};
/* What a reply is when it is no text to be understood. */
enum provider_event {
    PROVIDER_EVENT_NONE = 0, /* a text like any other */
    PROVIDER_EVENT_NOTE,     /* a line for staff: nothing in it is an act */
    PROVIDER_EVENT_FOLLOW,   /* the sender can be reached under this address (again) */
    PROVIDER_EVENT_UNFOLLOW  /* ... and no more */
};
struct provider_reply {
    char id[128]; /* the provider's message id; a driver whose API has none derives one from all fields */
    char from[PROVIDER_ADDRESS_MAX];
    const char *text; /* borrowed for the call */
    size_t text_len;
    int64_t sent_at; /* 0 = not told */
    enum provider_event event;
};

/* One callback as it came. */
struct provider_callback {
    const char *method; /* "POST" | "GET" */
    const char *kind;   /* last part of the path: "reply", "receipt", "wechat", ... */
    const char
        *url; /* as the provider called it, built from public_url, with the query; "" without public_url */
    const char *query;        /* behind the '?', as received; "" = none */
    const char *content_type; /* "" = not told */
    const char *body;
    size_t body_len;
    int64_t now_ms;
    const char *(*header)(void *arg, const char *name); /* NULL when absent */
    void *arg;                                          /* for header */
};
/* An item that is no receipt or reply; it keeps no other out. */
struct provider_bad {
    const struct err *why; /* code "bad-receipt" | "bad-reply" | "too-long" ... */
    const char
        *item; /* what it was, as UTF-8 without NUL: for the staff, who may read what a resident wrote */
    size_t len;
};
/* What the driver found, item by item. Called before callback returns; the values are lent for the call. */
struct provider_sink {
    void (*receipt)(void *arg, const struct provider_receipt *r);
    void (*reply)(void *arg, const struct provider_reply *r);
    void (*bad_receipt)(void *arg, const struct provider_bad *b);
    void (*bad_reply)(void *arg, const struct provider_bad *b);
    void *arg;
};
/* What the provider wants to hear once everything is stored. The driver sets ${type} (a literal) and ${body}; a driver that sets nothing answers {"code":0}. */
struct provider_ack {
    const char *type; /* NULL = application/json, {"code":0} */
    struct buf body;  /* may be empty */
};

/* APIs that want an access token with every request, got by a request of its own (WeChat, WeCom). */
struct driver_token {
    /* Does this account need one? NULL = always. */
    bool (*needed)(const struct provider_conf *c);
    /* The request for one; ${force}: the last one turned out to be bad before its time. */
    int (*build)(const struct provider_conf *c, bool force, struct provider_request *req, struct err *e);
    /* 0 with the token (room for PROVIDER_TOKEN_MAX bytes) and how long it is good from now; -1 with a code "token" or "bad-account". */
    int (*parse)(const struct provider_conf *c, const struct http_answer *a, char *token,
                 int64_t *lifetime_ms, struct err *e);
};
#define PROVIDER_TOKEN_MAX 1024 /* with the NUL */

struct driver {
    const char *name;
    size_t batch_max; /* most recipients one request of this API can carry */
    bool needs_url;
    const char *url;     /* where the API is when the account's url is not set; NULL = must be set */
    bool in_process;     /* sandbox: no HTTP, the daemon hands the messages over directly */
    bool wants_nonce;    /* build uses ${nonce} */
    bool receipt_ids;    /* receipts name the id of the verdict, not our reference: it has to be remembered */
    bool receipt_ids_to; /* ... together with the recipient's number: one id stands for a whole request */
    /* In place of the two above where it depends on the account. NULL = it does not. */
    void (*receipts_name)(const struct provider_conf *c, bool *ids, bool *ids_to);
    bool echoes_alone; /* ... but receipts echo our reference where a request has one recipient */
    /* A refusal of a request with several recipients does not say whom it is about. The driver answers it with RETRY and THROTTLE_RECIPIENT; who was tried before then
     * travels alone. */
    bool blames_all;
    const struct driver_token *token; /* NULL = none */
    /* Check the account's settings. 0, or -1 with e->field naming the option. */
    int (*check)(const struct provider_conf *c, struct err *e);
    /* Could this account carry this text (approved template, limits)? 0, or -1 with code "bad-message" and words for people. NULL = always. */
    int (*fits)(const struct provider_conf *c, const struct provider_msg *m, struct err *e);
    /* May ${m} travel in one request with ${first}? NULL = always. */
    bool (*joins)(const struct provider_conf *c, const struct provider_msg *first,
                  const struct provider_msg *m);
    /* Build one request for 1..batch messages that join. 0, or -1 with code "bad-message" or "bad-recipient" (nothing can be sent). `req` is reused between calls:
     * buffers are reset by the driver. Headers that never change may be literals. */
    int (*build)(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                 struct provider_request *req, struct err *e);
    /* Judge an ANSWERED exchange (other outcomes never reach a driver): one verdict per message; those the answer does not name stay UNKNOWN.
     * ${v} comes zeroed but for retry_after_ms = -1 and verdict = UNKNOWN. */
    void (*classify)(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                     const struct http_answer *a, struct provider_verdict *v);
    /* Read a callback: everything is checked (signature, form) before the first item is told. The number of items told, or -1: code "hook-signature" (-> 403),
     * "no-such-hook" (-> 404), anything else -> 400. NULL = the API has none. */
    int (*callback)(const struct provider_conf *c, const struct provider_callback *in,
                    const struct provider_sink *sink, struct provider_ack *ack, struct err *e);
};

/* The table of all drivers; NULL when the name is none. provider_driver_at enumerates (NULL past the end). */
const struct driver *provider_driver(const char *name);
const struct driver *provider_driver_at(size_t i);
void provider_request_init(struct provider_request *r);
void provider_request_fini(struct provider_request *r);
/* For drivers with headers of their own: begin, "name: value" lines (at most PROVIDER_HEADERS_MAX), end: only then header_list is set. */
void provider_headers_begin(struct provider_request *r);
void provider_header(struct provider_request *r, const char *name, const char *value);
void provider_headers_end(struct provider_request *r);
/* The call is "POST ${url}" with header_list and the body as they stand; ${url}: lent, the request's own or the account's. */
void provider_post(struct provider_request *r, const char *url);
/* The same with one header: the body is JSON. */
void provider_post_json(struct provider_request *r, const char *url);

#endif
