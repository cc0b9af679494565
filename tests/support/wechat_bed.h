/* A daemon's sending parts with a WeChat account in front, and a WeChat in the same loop that does what the test says.
 *
 * Hides: wiring, residents who have both a telephone and a WeChat id, and the vendor's two addresses: the one for access tokens and the one for messages. */
#ifndef TESTS_SUPPORT_WECHAT_BED_H
#define TESTS_SUPPORT_WECHAT_BED_H

#include "tests/support/flow_bed.h"

enum { WECHAT_MAX = 512 };

struct wechat_bed {
    struct flow_bed *flow; /* link 0 is WeChat; link 1, when asked for, driver json for text messages */
    /* what it does */
    bool hang_tokens; /* requests for a token are held until wechat_bed_hang_up */
    bool same_token;  /* a new request gets the token that was given before */
    bool hold;        /* messages are held until wechat_bed_release */
    int refuse_all;   /* every message is refused with this code */
    int revoked;      /* code for messages with a token that is not the latest; 0 = those are good too */
    /* what came */
    unsigned n_tokens, n_forced; /* requests for a token; of them by force */
    int64_t token_at_us[WECHAT_MAX];
    unsigned serial; /* of the latest token given */
    size_t n_sends, n_refused, n_sent;
    char sent_to[WECHAT_MAX][40];
    unsigned sent_with[WECHAT_MAX]; /* the token's number */
    /* held */
    struct httpd_req *hung[WECHAT_MAX], *held[WECHAT_MAX];
    size_t n_hung, n_held;
    struct config_provider *conf; /* after a reload: what the link has */
    struct config_vendor_template templates[1];
};

/* ${residents} with +8613800000000 + i and oABC00i; ${with_sms}: text messages are the second channel. ${timeout_ms}: of each exchange, 0 = as the lane says. */
struct wechat_bed *wechat_bed_new(unsigned residents, bool with_sms, int64_t window, int64_t timeout_ms);
void wechat_bed_free(struct wechat_bed *w);
/* A notice to everyone; ${channel} NULL = any. */
void wechat_bed_notice(struct wechat_bed *w, const char *id, const char *lane, const char *channel);
/* Close what hangs unanswered; from now on tokens are given. */
void wechat_bed_hang_up(struct wechat_bed *w);
/* Answer ${n} of the messages that are held, the first first. */
void wechat_bed_release(struct wechat_bed *w, size_t n);
/* The account gets options of its own in memory, and what it had is freed at once. */
void wechat_bed_reload(struct wechat_bed *w);

#endif
