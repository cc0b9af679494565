/* The queue of notices in Redis: the only module, with its neighbours people, roster and replies, that knows what is in Redis.
 *
 * Hides: keys, scripts, encodings (queue/SCHEMA.md). One struct queue per community over one connection. Every call is one asynchronous
 * operation: exactly one completion, later, none after queue_free. All operations can be repeated safely:
 * after QUEUE_UNSURE say it again. */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include "model/notice.h"
#include "net/redis.h"

struct queue;

enum queue_status {
    QUEUE_OK = 0,
    QUEUE_REFUSED,     /* Redis or the script said no: `err` holds code and sentence */
    QUEUE_UNAVAILABLE, /* Redis is not there: surely not done */
    QUEUE_UNSURE       /* the answer was lost: may have been done */
};

struct queue_opts {
    struct redis *redis;
    const char *prefix;    /* "crier:" */
    const char *community; /* "venus": all keys begin with PREFIX{COMMUNITY}: */
    const char
        *daemon_id; /* unique among live daemons, stable over a restart (lock slot in the state directory) */
    int64_t lease_ms; /* default 60 000; renewed by begin; >= 3 x the longest send timeout */
    /* Redis began to refuse work because it cannot write to its disk: time for a queue_check. Comes once until a check has had the file
     * written anew; NULL is fine. */
    void (*on_misconf)(void *arg);
    void *arg;
};
struct queue *queue_new(const struct queue_opts *o);
void queue_free(struct queue *q); /* no completions afterwards. NULL is fine */
const char *queue_community(const struct queue *q);
/* Smoothed time that Redis takes to answer, in microseconds; 0 before the first answer. */
int64_t queue_latency_us(const struct queue *q);

/* What every completion gets. `e` is set when status != OK. */
struct queue_result {
    enum queue_status status;
    const struct err *e;
};
typedef void (*queue_done_fn)(void *arg, const struct queue_result *r);

/* ---- connection ---- */
/* Run the start-up checks of queue-protocol 3.2 (version, role, maxmemory-policy, persistence, rights, schema, clock).
 * Call whenever the connection came up, before anything else. `d` is
 * valid during the completion; the status is QUEUE_OK whenever Redis answered: whether it will do is d->ok. */
struct queue_holdings {  /* what this Redis holds of the community */
    char born[24];       /* name of this data: random, given to a Redis that had none */
    int64_t gen;         /* checks of this data so far: an earlier state of it has a lower one */
    char acked_born[24]; /* queue_acknowledge: somebody has seen that data was lost before this state */
    int64_t acked_gen;
    uint64_t n_residents, n_activities, n_notices; /* notices that are not over */
    char ids[5][NOTICE_ID_MAX + 1];                /* some of these notices */
    size_t n_ids;
};
struct queue_durability {
    bool ok; /* usable at all; otherwise `problem` says why and how to mend it */
    char problem[256];
    char redis_version[32], run_id[48];
    bool aof, fsync_always, fsync_everysec, noeviction;
    bool survives_daemon_crash, survives_redis_crash, survives_power_loss;
    char words
        [400]; /* "alerts accepted now survive: daemon crash yes, Redis crash yes, host power loss NO (appendfsync everysec)" */
    char warnings[8][256];
    size_t n_warnings;
    bool run_id_changed; /* since this daemon's last check: recovery of 3.4 is due */
    bool forbidden;      /* the problem is a right that was taken away: still the same server */
    bool full;           /* new work is refused (OOM...), `refusal` says why; what is under way goes on */
    char refusal[200];
    struct queue_holdings holds; /* when ok */
};
typedef void (*queue_check_fn)(void *arg, const struct queue_result *r, const struct queue_durability *d);
void queue_check(struct queue *q, queue_check_fn cb, void *arg);

/* A restarted daemon takes back its own work at once: leases (of slices and of staging) that a former life of ${daemon_id} holds end now. Only
 * for one who holds the lock that proves that life is over. Call after queue_check and before the first queue_claim. ${n}: leases ended. */
typedef void (*queue_takeover_fn)(void *arg, const struct queue_result *r, size_t n);
void queue_takeover(struct queue *q, queue_takeover_fn cb, void *arg);

/* How notices stand that were accepted once: enum notice_state, or -1 for those that this Redis does not know. At most QUEUE_STANDING_MAX ids; answers in order. */
enum { QUEUE_STANDING_MAX = 100 };
typedef void (*queue_standing_fn)(void *arg, const struct queue_result *r, const int *states, size_t n);
void queue_standing(struct queue *q, const char *const *ids, size_t n, queue_standing_fn cb, void *arg);
/* Somebody has seen that data was lost: told to all daemons with the holdings of their next check. */
void queue_acknowledge(struct queue *q, queue_done_fn cb, void *arg);

/* ---- intake ---- */
/* Wait for the next inbox entry on a connection of its own (BLMOVE into this daemon's in-process list). ${entry} NULL = nothing came in time: call again.
 * The entry stays in the in-process list until queue_accept or queue_reject names it. After QUEUE_UNSURE an entry may lie in that list unseen: call
 * queue_inproc_recover (entries under way are told again too; accepting twice is harmless: code "already-settled", or QUEUE_SAME). */
typedef void (*queue_entry_fn)(void *arg, const struct queue_result *r, const char *entry, size_t n);
void queue_inbox_wait(struct queue *q, struct redis *blocking, bool emergency, queue_entry_fn cb, void *arg);
/* Entries that an earlier life of this daemon took and did not settle (${each} per entry, then ${cb}); and, for other daemons whose heartbeat is
 * gone, move theirs back to the inbox they came from. */
void queue_inproc_recover(struct queue *q, void (*each)(void *arg, const char *entry, size_t n),
                          queue_done_fn cb, void *arg);

enum queue_accept_result {
    QUEUE_ACCEPTED = 0,
    QUEUE_SAME /* accepted before: same id, same content */,
    QUEUE_CONFLICT /* same id, other content */
};
struct queue_accept {
    const struct notice *notice; /* complete (notice_complete) */
    const char *json; /* canonical JSON of what was asked (codec_canonical): what "same content" compares */
    size_t json_len;
    const char *entry; /* the inbox entry to settle, or NULL (HTTP, CLI) */
    size_t entry_len;
    const char *idem_key; /* Idempotency-Key of the request, or NULL */
};
typedef void (*queue_accept_fn)(void *arg, const struct queue_result *r, enum queue_accept_result a,
                                const char *id);
/* Stores the notice and its schedule in one step; kinds cancel/allclear too (cancel is executed by the caller with queue_cancel).
 * "Same content" compares notice->asked when it is there (codec_notice leaves it), else ${json}: ${json} is the completed notice (codec_canonical after notice_complete), which codec_stored
 * reads again. Refused with code "already-settled" when ${entry} is not in this daemon's in-process list any more and the notice is not known: somebody else has it. */
void queue_accept(struct queue *q, const struct queue_accept *a, queue_accept_fn cb, void *arg);
/* Into the stream `rejected`, whole, with reason and sentence; settles ${entry} in the in-process list when it came from there. */
void queue_reject(struct queue *q, const char *entry, size_t n, const char *reason, const char *message,
                  queue_done_fn cb, void *arg);

/* All entries of more than ${max} bytes that this daemon holds in process, the same way, but inside Redis: however long they are, no command carries them. */
void queue_reject_large(struct queue *q, size_t max, const char *reason, const char *message,
                        queue_done_fn cb, void *arg);

/* ---- schedule and staging ---- */
/* Move what is due to staging. ${next_ms}: until the next scheduled one (-1 = none). */
typedef void (*queue_promote_fn)(void *arg, const struct queue_result *r, size_t n_promoted, int64_t next_ms);
void queue_promote(struct queue *q, queue_promote_fn cb, void *arg);
/* The next notice whose audience is to be frozen, of the allowed lanes (bit 1 << lane), highest first; leased to this daemon. ${job} NULL = none (next_ms until one may be, -1 = none). */
struct queue_stage_job {
    char id[NOTICE_ID_MAX + 1];
    const char *json; /* borrowed for the completion */
    size_t json_len;
    char cursor[64]; /* "" at the beginning; whatever queue_stage_put stored last */
    uint64_t total;  /* recipients so far */
    int64_t not_after;
    enum lane lane;
};
typedef void (*queue_stage_next_fn)(void *arg, const struct queue_result *r,
                                    const struct queue_stage_job *job, int64_t next_ms);
void queue_stage_next(struct queue *q, unsigned lanes, queue_stage_next_fn cb, void *arg);
/* An answer about a notice that this daemon stages was lost: the next queue_stage_next hands out once more what it holds, instead of when the lease ends. */
void queue_stage_again(struct queue *q);
/* Append recipients (LF terminated lines of audience.h, at most 1,000) if the stored cursor still is ${expected}; duplicates by first address are dropped in
 * the script. ${last}: the audience is complete (an empty one changes nothing: ${total} is 0 and the caller goes on with queue_stage_refuse). ${total} after it. Code
 * "stage-lost" when another daemon was faster or the notice is over. */
typedef void (*queue_stage_put_fn)(void *arg, const struct queue_result *r, uint64_t total);
void queue_stage_put(struct queue *q, const char *id, const char *expected, const char *cursor, bool last,
                     const char *lines, size_t n, queue_stage_put_fn cb, void *arg);
/* Stop a notice that cannot be staged (empty audience...): state rejected, entry in the stream. */
void queue_stage_refuse(struct queue *q, const char *id, const char *reason, const char *message,
                        queue_done_fn cb, void *arg);

/* ---- slices ---- */
enum queue_claim_kind { QUEUE_FRESH, QUEUE_RETRY, QUEUE_TAKEOVER /* lease of another owner ran out */ };
struct queue_claim {
    char id[NOTICE_ID_MAX + 1];
    enum lane lane;
    enum on_unknown on_unknown;
    enum queue_claim_kind kind;
    uint32_t slice;
    uint64_t first; /* index of its first recipient */
    uint32_t n;     /* recipients in it */
    char owner[40]; /* token of this claim */
    int64_t not_after;
    /* LF separated, NUL terminated; in the completion: taken by the callee by setting it to NULL */
    char *lines;
    size_t lines_len;
    uint8_t states[NOTICE_SLICE]; /* enum recipient_state at the time of the claim */
    uint8_t attempts[NOTICE_SLICE];
    uint8_t routes[NOTICE_SLICE];
    char *
        late; /* "" or who waits for a time of his own: daemon/late.h reads it. As `lines`: taken by setting it to NULL */
};
/* Claim one slice from the highest of the allowed lanes (bit 1 << lane) that has one. ${claim} NULL = nothing now; ${next_ms} until something may be (-1 = unknown). */
typedef void (*queue_claim_fn)(void *arg, const struct queue_result *r, struct queue_claim *claim,
                               int64_t next_ms);
void queue_claim(struct queue *q, unsigned lanes, queue_claim_fn cb, void *arg);
/* The canonical JSON of a notice (cached by the caller). NULL when there is none. */
void queue_notice_json(struct queue *q, const char *id, queue_entry_fn cb, void *arg);

/* Mark recipients [off, off + n) of the slice as sending, those that may be sent now: only these may be written. Codes of a refusal: "lost" (another owner, or
 * the slice is settled), "stopped" (cancelled, paused, expired: `err.field` = state). A range is begun once per claim. Renews the lease. `go` valid in the completion. */
struct queue_go {
    uint32_t off;
    uint32_t attempt; /* number of this attempt, from 1 */
};
typedef void (*queue_begin_fn)(void *arg, const struct queue_result *r, const struct queue_go *go, size_t n);
void queue_begin(struct queue *q, const struct queue_claim *c, uint32_t off, uint32_t n, queue_begin_fn cb,
                 void *arg);

enum { QUEUE_ANY_ROUTE = 16 };
struct queue_outcome {
    uint32_t off, attempt;
    /* ACCEPTED, RETRY, FAILED, UNKNOWN, SUPPRESSED, or PENDING (surely nothing written: not an attempt) */
    enum recipient_state state;
    uint8_t route;      /* number of the provider tried, 0-15 */
    uint8_t late_route; /* over this one, or over any, ... */
    int64_t late_in_ms; /* > 0: ... not before so long from now, also when the slice comes back earlier */
    char detail[96];    /* kept for people when not empty */
};
/* Report outcomes, at most 100. Facts (ACCEPTED, FAILED, UNKNOWN) are taken even from a former owner. ${last}: nothing of this slice is under way any more: the slice is
 * settled, or goes back to wait ${retry_in_ms} from now for those that are PENDING or RETRY (also those never begun). */
typedef void (*queue_finish_fn)(void *arg, const struct queue_result *r, bool mine);
void queue_finish(struct queue *q, const struct queue_claim *c, const struct queue_outcome *o, size_t n,
                  bool last, int64_t retry_in_ms, queue_finish_fn cb, void *arg);

/* One audit step over notices in state auditing (<= 1,000 recipients a call): reopens slices with live bytes, or sets done. ${more}: call again. */
typedef void (*queue_more_fn)(void *arg, const struct queue_result *r, bool more);
void queue_audit(struct queue *q, queue_more_fn cb, void *arg);
/* Expire what is past not_after, turn what is left of cancelled/expired notices into those states (<= 1,000 a call), delete old audiences, refresh the heartbeat. */
void queue_sweep(struct queue *q, queue_more_fn cb, void *arg);

/* ---- steering; codes "no-such-notice", "wrong-state" (field = state now) ---- */
/* After completion nothing of it is begun any more. Idempotent. ${reason}: "cancelled" | "superseded". */
void queue_cancel(struct queue *q, const char *id, const char *reason, queue_done_fn cb, void *arg);
void queue_pause(struct queue *q, const char *id, queue_done_fn cb, void *arg);
void queue_resume(struct queue *q, const char *id, queue_done_fn cb, void *arg);
/* Recipients in these states (bits QUEUE_REDRIVE_*) -> pending again, slices reopened; ${n}: how many. Whoever is unknown may have got it and then gets it twice.
 * Also code "not-after-passed". */
#define QUEUE_REDRIVE_FAILED    (1u << RECIPIENT_FAILED)
#define QUEUE_REDRIVE_EXHAUSTED (1u << RECIPIENT_EXHAUSTED)
#define QUEUE_REDRIVE_UNKNOWN   (1u << RECIPIENT_UNKNOWN)
typedef void (*queue_redrive_fn)(void *arg, const struct queue_result *r, uint64_t n);
void queue_redrive(struct queue *q, const char *id, unsigned states, queue_redrive_fn cb, void *arg);

/* ---- looking ---- */
struct queue_notice {
    char id[NOTICE_ID_MAX + 1];
    enum notice_kind kind;
    enum lane lane;
    enum notice_state state;
    uint64_t total;
    bool staged;
    uint64_t counts[RECIPIENT_STATE_N];                             /* from the ledger */
    int64_t created_at, due_at, started_at, finished_at, not_after; /* 0 = not yet */
    char reason[64]; /* why it is over: "superseded", "expired"... */
    char head
        [96]; /* how its first text begins, on one line; "" = it has none, or was accepted before this was kept */
};
typedef void (*queue_notice_fn)(void *arg, const struct queue_result *r,
                                const struct queue_notice *n); /* NULL with code "no-such-notice" */
void queue_notice_get(struct queue *q, const char *id, queue_notice_fn cb, void *arg);
/* Newest first, internal answer notices left out; ${each} per notice, then ${cb}. ${state} -1 = all. ${kinds}: bits 1 << kind, 0 = all. ${limit} 0 = all. */
void queue_notice_list(struct queue *q, int state, unsigned kinds, size_t limit,
                       void (*each)(void *arg, const struct queue_notice *n), queue_done_fn cb, void *arg);
/* Those that expired in the last ${back_ms} milliseconds, latest first, at most ${limit} > 0. */
void queue_notice_expired(struct queue *q, int64_t back_ms, size_t limit,
                          void (*each)(void *arg, const struct queue_notice *n), queue_done_fn cb, void *arg);
struct queue_recipient {
    uint64_t index;
    enum recipient_state state;
    uint32_t attempts;
    uint8_t route;
    char line[1024]; /* as stored; "" when the snapshot was deleted already */
    char detail[128];
};
/* Recipients [from, from + n), n <= 1,000. */
void queue_recipients(struct queue *q, const char *id, uint64_t from, uint32_t n,
                      void (*each)(void *arg, const struct queue_recipient *r), queue_done_fn cb, void *arg);
/* A receipt: raises ACCEPTED (also UNKNOWN, SENDING, RETRY in doubt) to DELIVERED or FAILED; never lowers, never touches what was not sent with this attempt number. */
struct queue_report {
    enum recipient_state state; /* DELIVERED or FAILED */
    const char *detail;
    const char *to; /* the number that the report names, "" = none */
    const char *
        about; /* what it says of that number for the time to come: "" | "out" (wants nothing more) | "dead" | "missed" (not reached this time). Believed only when the recipient has this number */
    const char *why; /* the proof, kept beside it: who said so, and how */
};
void queue_receipt(struct queue *q, const char *id, uint64_t index, uint32_t attempt,
                   const struct queue_report *report, queue_done_fn cb, void *arg);
/* Rejected entries, newest first, at most ${limit} (0 = all), read in pieces. ${key} is the stream id; ${entry} is cut after QUEUE_REJECTED_SHOWN bytes. */
enum { QUEUE_REJECTED_SHOWN = 64 * 1024 };
struct queue_rejected {
    const char *key, *reason, *message, *entry;
    size_t entry_len;
    int64_t at;
};
void queue_rejected_list(struct queue *q, size_t limit,
                         void (*each)(void *arg, const struct queue_rejected *r), queue_done_fn cb,
                         void *arg);
/* Put one back into the inbox and delete it from the stream. */
void queue_rejected_retry(struct queue *q, const char *key, queue_done_fn cb, void *arg);
/* Delete one for good; code "no-such-entry". */
void queue_rejected_dismiss(struct queue *q, const char *key, queue_done_fn cb, void *arg);

/* Numbers for status and metrics, cheap. */
struct queue_stats {
    uint64_t inbox, inbox_e, scheduled, staging, rejected;
    uint64_t dead_numbers; /* providers say that nobody is there */
    uint64_t unanswered;   /* texts of residents that no rule understood and nobody answered */
    uint64_t lane_notices[LANE_N];
    int64_t lane_oldest_ms[LANE_N]; /* age of the oldest unfinished notice */
};
typedef void (*queue_stats_fn)(void *arg, const struct queue_result *r, const struct queue_stats *s);
void queue_stats(struct queue *q, queue_stats_fn cb, void *arg);

/* Rate permits of a provider account, paced evenly, shared by all daemons and communities (keys under PREFIX{_}:). Asks for ${n} permits (segments) at ${per_second}; grants them all,
 * the first at ${first_in_us} from now and then every ${step_us}. ${kept_us}: so long this daemon was kept from sending although it had something; while it draws ${alone} (nobody else asked
 * in the last 2 s, or longer at low rates) permits of that time are still granted (${first_in_us} is negative then). A daemon that joins another gets its first permits 0.2 s later. */
typedef void (*queue_rate_fn)(void *arg, const struct queue_result *r, int64_t first_in_us, int64_t step_us,
                              bool alone);
void queue_rate(struct queue *q, const char *provider, double per_second, uint32_t n, int64_t kept_us,
                queue_rate_fn cb, void *arg);

#endif
