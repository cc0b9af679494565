/* Inside link*.c only. */
#ifndef DAEMON_LINK_INT_H
#define DAEMON_LINK_INT_H

#include "daemon/link.h"
#include "daemon/link_breaker.h"
#include "daemon/link_limit.h"
#include "daemon/link_pace.h"
#include "daemon/sandbox.h"

struct link_op {
    struct link *link;
    enum lane lane;
    struct http_op *http;
    struct sandbox_op *sandbox;
    struct loop_task refuse; /* the request could not be built: told later, like everything else */
    struct provider_request req;
    const struct provider_msg *msgs;
    size_t n, cap;
    struct provider_verdict *verdicts; /* [cap] */
    link_done_fn cb;
    void *arg;
    int64_t started_us;
    uint64_t begun; /* its number, for the limit */
    bool probe, overload;
    bool waits;            /* for an access token */
    int64_t waits_from_us; /* since when */
    uint64_t serial;       /* number of the access token it was written with */
    unsigned renewals;     /* how often its token was refused */
    TAILQ_ENTRY(link_op) of_token;
    TAILQ_ENTRY(link_op) entry;
};
TAILQ_HEAD(link_ops, link_op);

/* The account as its driver sees it, and what that is made of. */
struct link_conf {
    struct provider_conf conf;
    const struct driver *driver;
    enum http_reach reach;
    struct vendor_template *templates;
    size_t n_templates;
    struct provider_setting *settings;
    struct spec *spec;
};
/* Says where the option stands that is at fault; nothing has to be freed then. */
int link_conf_init(struct link_conf *lc, const struct config *config, const struct config_provider *c,
                   struct err *e) MUSTCHECK;
void link_conf_fini(struct link_conf *lc);
/* The description of an API, DIR/NAME.conf (${dir} NULL = the default). NULL with e->msg saying where. */
struct spec *link_spec_load(const char *dir, const char *name, struct err *e) MUSTCHECK;

struct link {
    struct link_opts o;
    struct link_conf c;
    struct link_conf next; /* driver NULL: nothing is prepared */
    const struct config *next_config;
    const struct config_provider *next_conf;
    struct link_breaker breaker;
    struct link_limit limit;
    struct link_retries retries;
    struct link_token *token; /* NULL: the driver has none */
    struct link_pace *pace;
    struct link_stats stats;
    size_t slots[LANE_N];     /* taken: from before the mark to the end of the request */
    size_t writing[LANE_N];   /* of them: may be written, or are */
    size_t unsettled[LANE_N]; /* over, not yet in the ledger */
    int64_t pressed_us;       /* until then slots that come free belong to lanes emergency and urgent */
    bool paused;
    char why[96];
    int64_t throttled_us;    /* until when the provider wants to be left alone */
    int64_t unwell_us;       /* until when it is second choice */
    int64_t told_us[LANE_N]; /* when it was last said that nothing can be sent there */
    char trouble[96];        /* why nothing could be sent, or no answer came, the last time */
    bool bad_account;
    bool probe_slot; /* the slot that was taken for a probe has not sent yet */
    struct loop_task room;
    struct loop_timer *wake; /* breaker or throttle is over */
    struct link_ops running, spare;
    size_t n_spare;
};

void link_op_free(struct link_op *op);
/* What waited for an access token goes on, or is over without a byte of it written. Inside link_token.c only. */
void link_op_go(struct link_op *op);
void link_op_give_up(struct link_op *op, enum verdict v, const char *why);
size_t link_slots_free(const struct link *l, enum lane lane);

#endif
