/* Activities, seats and waiting lists in Redis. Same conventions as queue.h. Seat, waiting list and promotion are decided in one script (lua/register.lua): never oversold, whatever the
 * number of daemons. */
#ifndef QUEUE_ROSTER_H
#define QUEUE_ROSTER_H

#include "model/activity.h"
#include "model/registry.h"
#include "queue/queue.h"

/* Create an activity (codes "exists" when there is one, "starts-passed"). */
void roster_put(struct queue *q, const struct activity *a, queue_done_fn cb, void *arg);
/* Staff change what ${a} (read by roster_get, then changed; stored = CANCELLED calls it off) says. In one script: seats are never fewer than are taken ("seats-taken"),
 * who waits moves up and is told like everything that is answered, and ${news} (JSON of a notice, NULL = none) goes into the inbox when anybody is concerned. Code
 * "changed-meanwhile" when a->rev is not the present one. */
typedef void (*roster_changed_fn)(void *arg, const struct queue_result *r, uint32_t n_promoted);
void roster_change(struct queue *q, const struct activity *a, const char *news, roster_changed_fn cb,
                   void *arg);
typedef void (*roster_activity_fn)(void *arg, const struct queue_result *r,
                                   const struct activity *a); /* NULL with "no-such-activity" */
void roster_get(struct queue *q, const char *code, roster_activity_fn cb, void *arg);
/* By start, earliest first. _since: those that start at ${since_at} or later. */
void roster_list(struct queue *q, void (*each)(void *arg, const struct activity *a), queue_done_fn cb,
                 void *arg);
void roster_list_since(struct queue *q, int64_t since_at, void (*each)(void *arg, const struct activity *a),
                       queue_done_fn cb, void *arg);
/* What staff decide: OPEN (before the window: opens it now; after an early closing time: until the start), CLOSED, CANCELLED. Codes "no-such-activity", "wrong-state". */
void roster_set_state(struct queue *q, const char *code, enum activity_state s, queue_done_fn cb, void *arg);

#define ROSTER_WHO_MAX 96 /* who takes part: a number, or for people who have none with us "wechat:OPENID" */
struct roster_entry {
    char phone[ROSTER_WHO_MAX], name[96];
    uint64_t resident;
    uint32_t count, place, position; /* place among the confirmed, position on the waiting list; 0 = none */
    enum reg_status status;
    int64_t at;         /* when they registered */
    int64_t confirm_by; /* offered: until when it is to be confirmed */
};
/* Confirmed by place, then the waiting list, then who withdrew. */
void roster_entries(struct queue *q, const char *code, void (*each)(void *arg, const struct roster_entry *e),
                    queue_done_fn cb, void *arg);
/* Codes a phone is registered for (confirmed, attended or waiting), with status, earliest registration first. At most 64. */
void roster_of_phone(struct queue *q, const char *phone,
                     void (*each)(void *arg, const char *code, const struct roster_entry *e),
                     queue_done_fn cb, void *arg);
/* Sign in at the desk. Code "not-registered". */
void roster_checkin(struct queue *q, const char *code, const char *phone, queue_done_fn cb, void *arg);

/* Activities that begin within ${ahead_ms}, earliest first. ${lapsed}: an offer of a seat that was not confirmed in time. ${cb} is told Redis' clock and when the next offer lapses
 * (0 = none). */
void roster_due(struct queue *q, int64_t ahead_ms, void (*each)(void *arg, const struct activity *a),
                void (*lapsed)(void *arg, const char *code, const char *who),
                void (*cb)(void *arg, const struct queue_result *r, int64_t now_at, int64_t lapses_at),
                void *arg);
/* Take back a seat that was offered and not confirmed in time: the next in line gets the offer. Nothing happens when it was confirmed meanwhile. */
void roster_lapse(struct queue *q, const char *code, const char *who, queue_done_fn cb, void *arg);
/* Put the reminder ${id} (JSON of a notice) for ${a} into the inbox, ${minutes} before the start: once, however many daemons ask. Code "changed-meanwhile" when a->rev is not the
 * present one, it is called off or has begun, or this reminder or a later one went out already. ${sent}: false = nobody holds a seat. */
void roster_remind(struct queue *q, const struct activity *a, uint32_t minutes, const char *id,
                   const char *entry, void (*cb)(void *arg, const struct queue_result *r, bool sent),
                   void *arg);

struct roster_promoted {
    char phone[ROSTER_WHO_MAX], name[96];
    uint32_t place, count;
    int64_t confirm_by; /* it is theirs only when they confirm it until then; 0 = it is theirs */
};
/* Sign in by text; the script judges seat, time and digits. */
typedef void (*roster_signin_fn)(void *arg, const struct queue_result *r, const struct registry_signin *s);
void roster_signin(struct queue *q, const char *code, const char *phone, const char *digits,
                   roster_signin_fn cb, void *arg);

struct roster_request {
    const char *
        op_id; /* the reply's stream id: the same id gives the same outcome again, with no second effect; refused as "decided" once the reply is settled; "" = no reply */
    const char *code; /* activity */
    bool leave;
    const char *phone, *name;
    uint64_t resident;
    uint32_t count; /* people; 0 = not said: 1 for a new registration, no change of an existing one */
};
typedef void (*roster_register_fn)(void *arg, const struct queue_result *r, const struct registry_outcome *o,
                                   const struct roster_promoted *promoted, size_t n_promoted);
/* Join or leave. Window and state are judged by Redis' clock in the script. Borrowed until this returns. */
void roster_register(struct queue *q, const struct roster_request *req, roster_register_fn cb, void *arg);

#endif
