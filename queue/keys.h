/* Every key of crier in Redis, spelled once.
 *
 * Hides: the spelling. A key is PREFIX{COMMUNITY}:stem, or stem + name + tail for a key that belongs to something (a notice, a daemon, a
 * resident). Keys of scope KEYS_SHARED live under PREFIX{_}: because several communities share them. All keys of one community are in one
 * cluster slot. queue/SCHEMA.md tells what is in each; a lint compares the two. */
#ifndef QUEUE_KEYS_H
#define QUEUE_KEYS_H

#include "base/buf.h"

/* KEY(name, stem, tail, scope). A row whose stem ends in ':' (or that has a tail) takes a name. */
#define KEYS_TABLE(KEY)                                                                                      \
    /* the whole community */                                                                                \
    KEY(CLOCK, "clock", "", COMMUNITY)                                                                       \
    KEY(TICK_BACK, "tick.back", "", COMMUNITY)                                                               \
    KEY(TICK_SEEN, "tick.seen", "", COMMUNITY)                                                               \
    KEY(SCHEMA, "schema", "", COMMUNITY)                                                                     \
    KEY(BORN, "born", "", COMMUNITY)                                                                         \
    KEY(GEN, "gen", "", COMMUNITY)                                                                           \
    KEY(ACKED, "acked", "", COMMUNITY)                                                                       \
    KEY(PROBE, "probe", "", COMMUNITY)                                                                       \
    KEY(LASTRUN, "lastrun", "", COMMUNITY)                                                                   \
    KEY(REWRITE, "rewrite:", "", COMMUNITY)                                                                  \
    KEY(HOLD, "hold", "", COMMUNITY)                                                                         \
    /* intake */                                                                                             \
    KEY(INBOX, "inbox", "", COMMUNITY)                                                                       \
    KEY(INBOX_E, "inbox:e", "", COMMUNITY)                                                                   \
    KEY(INPROC, "inproc:", "", COMMUNITY)                                                                    \
    KEY(INPROC_E, "inproc:", ":e", COMMUNITY)                                                                \
    KEY(REJECTED, "rejected", "", COMMUNITY)                                                                 \
    KEY(IDEM, "idem:", "", COMMUNITY)                                                                        \
    /* daemons */                                                                                            \
    KEY(DAEMON, "d:", "", COMMUNITY)                                                                         \
    KEY(DAEMONS, "daemons", "", COMMUNITY)                                                                   \
    /* notices */                                                                                            \
    KEY(NOTICES, "notices", "", COMMUNITY)                                                                   \
    KEY(SCHED, "sched", "", COMMUNITY)                                                                       \
    KEY(STAGING, "staging:", "", COMMUNITY)                                                                  \
    KEY(LANE, "lane:", "", COMMUNITY)                                                                        \
    KEY(EXPIRY, "expiry", "", COMMUNITY)                                                                     \
    KEY(CLOSING, "closing", "", COMMUNITY)                                                                   \
    KEY(AUDITING, "auditing", "", COMMUNITY)                                                                 \
    KEY(PURGE, "purge", "", COMMUNITY)                                                                       \
    KEY(DEAD, "dead", "", COMMUNITY)                                                                         \
    KEY(NOTICE, "n:", "", COMMUNITY)                                                                         \
    KEY(NOTICE_AUD, "n:", ":aud", COMMUNITY)                                                                 \
    KEY(NOTICE_ST, "n:", ":st", COMMUNITY)                                                                   \
    KEY(NOTICE_WORK, "n:", ":work", COMMUNITY)                                                               \
    KEY(NOTICE_OWN, "n:", ":own", COMMUNITY)                                                                 \
    KEY(NOTICE_SEEN, "n:", ":seen", COMMUNITY)                                                               \
    KEY(NOTICE_DET, "n:", ":det", COMMUNITY)                                                                 \
    KEY(NOTICE_ANS, "n:", ":ans", COMMUNITY)                                                                 \
    KEY(NOTICE_LATE, "n:", ":late", COMMUNITY)                                                               \
    /* ids of providers */                                                                                   \
    KEY(MID, "mid:", "", COMMUNITY)                                                                          \
    KEY(EARLY, "early:", "", COMMUNITY)                                                                      \
    /* residents */                                                                                          \
    KEY(PEOPLE, "people", "", COMMUNITY)                                                                     \
    KEY(RESIDENTS, "res:", "", COMMUNITY)                                                                    \
    KEY(PHONES, "ph:", "", COMMUNITY)                                                                        \
    KEY(ADDRESSES, "ad:", "", COMMUNITY)                                                                     \
    KEY(OPTOUT, "optout", "", COMMUNITY)                                                                     \
    KEY(OPTOUT_KEY, "optout.key", "", COMMUNITY)                                                             \
    KEY(ERASING, "erasing", "", COMMUNITY)                                                                   \
    KEY(MERGED, "merged", "", COMMUNITY)                                                                     \
    KEY(FORMER, "former", "", COMMUNITY)                                                                     \
    KEY(DEAD_NUMBERS, "dead.numbers", "", COMMUNITY)                                                         \
    KEY(SOFT_NUMBERS, "soft.numbers", "", COMMUNITY)                                                         \
    KEY(CONSENT, "consent", "", COMMUNITY)                                                                   \
    /* activities */                                                                                         \
    KEY(ACTIVITIES, "acts", "", COMMUNITY)                                                                   \
    KEY(ACTIVITIES_V, "acts.v", "", COMMUNITY)                                                               \
    KEY(ACTIVITY, "act:", "", COMMUNITY)                                                                     \
    KEY(ACTIVITY_REG, "act:", ":reg", COMMUNITY)                                                             \
    KEY(ACTIVITY_CONF, "act:", ":conf", COMMUNITY)                                                           \
    KEY(ACTIVITY_WAIT, "act:", ":wait", COMMUNITY)                                                           \
    KEY(ACTIVITY_OUT, "act:", ":out", COMMUNITY)                                                             \
    KEY(REGISTERED, "reg:", "", COMMUNITY)                                                                   \
    KEY(OFFERS, "offers", "", COMMUNITY)                                                                     \
    KEY(REGISTER_DONE, "rdone", "", COMMUNITY)                                                               \
    /* replies */                                                                                            \
    KEY(REPLIES, "replies", "", COMMUNITY)                                                                   \
    KEY(REPLIES_LEASE, "replies.lease", "", COMMUNITY)                                                       \
    KEY(REPLIES_LOG, "replies.log", "", COMMUNITY)                                                           \
    KEY(REPLY_SEEN, "in:", "", COMMUNITY)                                                                    \
    KEY(SENDER, "ctx:", "", COMMUNITY)                                                                       \
    KEY(TEXTS, "texts", "", COMMUNITY)                                                                       \
    KEY(TEXTS_DONE, "texts.done", "", COMMUNITY)                                                             \
    /* official warnings */                                                                                  \
    KEY(ALERTS_BOOK, "alerts.book", "", COMMUNITY)                                                           \
    KEY(ALERTS_LOG, "alerts.log", "", COMMUNITY)                                                             \
    /* plans: notices that come again */                                                                     \
    KEY(PLANS, "plans", "", COMMUNITY)                                                                       \
    KEY(PLANS_DUE, "plans.due", "", COMMUNITY)                                                               \
    KEY(PLAN, "plan:", "", COMMUNITY)                                                                        \
    KEY(PLAN_MADE, "plan:", ":made", COMMUNITY)                                                              \
    KEY(PLAN_LOG, "plan:", ":log", COMMUNITY)                                                                \
    /* provider accounts, shared by communities */                                                           \
    KEY(SHARED_CLOCK, "clock", "", SHARED)                                                                   \
    KEY(RATE, "rl:", "", SHARED)                                                                             \
    KEY(ACCESS, "access:", "", SHARED)                                                                       \
    /* who may use the HTTP API, and who did what */                                                         \
    KEY(API_KEYS, "keys", "", SHARED)                                                                        \
    KEY(TRAIL, "audit", "", COMMUNITY)

enum key {
#define KEY(name, stem, tail, scope) KEY_##name,
    KEYS_TABLE(KEY)
#undef KEY
        KEY_N
};

struct keys {
    char *community; /* "crier:{venus}:" */
    char *shared;    /* "crier:{_}:" */
};

/* Copies. ${community} holds no braces. */
void keys_init(struct keys *k, const char *prefix, const char *community);
void keys_fini(struct keys *k);
/* Append the key to ${out}; ${name} (${n} bytes) is what it belongs to, NULL for a key that stands alone. -1 past the ceiling. */
int keys_add(const struct keys *k, struct buf *out, enum key key, const char *name, size_t n);
/* For documentation and lint: "n:<name>:st". */
const char *keys_pattern(enum key key, char *out, size_t n);

#endif
