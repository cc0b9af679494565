/* What happens, told to whoever watches: server-sent events of GET /api/v1/events, and the counters of metrics that come from events.
 *
 * Hides: who watches. No phone number and no text of a person is published. */
#ifndef DAEMON_EVENTS_H
#define DAEMON_EVENTS_H

#include <jansson.h>
#include <stdbool.h>

#include "model/intent.h"
#include "model/notice.h"

struct events;
struct events *events_new(void);
void events_free(struct events *e);
struct events_cell {
    char key[96];
    uint64_t n;
};
/* Counters of the contract, kept here because several parts feed them. */
struct events_counters {
    uint64_t recipients[LANE_N][RECIPIENT_STATE_N];
    struct events_cell replies[256], registrations[32],
        rejected
            [64]; /* label values -> count, from the first on, until an empty key; replies: "provider\tintent" */
};
void events_recipients(struct events *e, enum lane l, enum recipient_state s, uint64_t n);
void events_reply(struct events *e, const char *provider, const char *intent);
void events_registration(struct events *e, const char *result);
void events_rejected(struct events *e, const char *reason);
const struct events_counters *events_counters(const struct events *e);

/* Publish to subscribers; ${data} is taken. A slow subscriber is dropped, never waited for. */
void events_publish(struct events *e, const char *type, json_t *data);
/* Does anybody watch? */
bool events_watched(const struct events *e);
/* ${cb} may unsubscribe itself, but no other. */
struct events_sub;
struct events_sub *events_subscribe(struct events *e,
                                    void (*cb)(void *arg, const char *type, const char *json), void *arg);
void events_unsubscribe(struct events_sub *s);

#endif
