/* Notices that deliveries need, compiled once: parsed, with a template per language.
 *
 * Hides: fetching from Redis, the cache (the NOTICES_MAX used last) and rendering. */
#ifndef DAEMON_NOTICES_H
#define DAEMON_NOTICES_H

#include "base/buf.h"
#include "queue/queue.h"

#define NOTICES_MAX      256
#define NOTICES_TEXT_MAX 16384 /* bytes of one rendered text */

struct notices;
struct notices_entry;

struct notices *notices_new(struct queue *q);
void notices_free(struct notices *n);
/* Borrow the entry of ${id} (give it back with notices_give); it may still be loading. ${cb} comes once, later, only when notices_state is LOADING now. */
enum notices_state {
    NOTICES_LOADING,
    NOTICES_READY,
    NOTICES_GONE /* no such notice, or it cannot be read */,
    NOTICES_UNAVAILABLE
};
struct notices_entry *notices_take(struct notices *n, const char *id, void (*cb)(void *arg), void *arg);
void notices_give(struct notices_entry *e, void *arg); /* also takes back the callback of ${arg} */
enum notices_state notices_state(const struct notices_entry *e);
const struct notice *notices_notice(const struct notices_entry *e);
/* The text for ${r}: *text (borrowed from the entry or ${r}) when it is the same for everybody, otherwise appended to ${out} with *text = NULL. -1 with
 * code "too-long" | "no-text". */
int notices_render(const struct notices_entry *e, const struct recipient *r, struct buf *out,
                   const char **text, size_t *len, struct err *err);
/* Provider number ${route} refuses the text that ${r} gets: it is not asked again for that text for a while (NOTICES_REFUSED_MS), and after three refusals of texts with names
 * in them for none of this notice. Says so in the log, once a while. Texts of the recipient's own speak for nobody else. */
#define NOTICES_REFUSED_MS 10000
void notices_refused(struct notices_entry *e, uint8_t route, const char *provider, const struct recipient *r,
                     const char *detail, int64_t now_us);
bool notices_is_refused(const struct notices_entry *e, uint8_t route, const struct recipient *r,
                        int64_t now_us);
/* It accepted a message of this notice: what it refused was about those recipients, and is forgotten for the others. */
void notices_taken(struct notices_entry *e, uint8_t route);
/* Refused to twenty recipients and taken for none: nobody need be asked for one by one any more. */
bool notices_surely_refused(const struct notices_entry *e, uint8_t route);
/* The operator wants it tried again now. */
void notices_forget_refusals(struct notices *n, const char *id);
/* Recipients that came to an end: for the rate. Sliding over the last five seconds, per second. */
void notices_settled(struct notices_entry *e, size_t n, int64_t now_us);
/* The lane of a notice that is at hand; -1 when it is not. */
int notices_lane(const struct notices *n, const char *id);
double notices_rate(const struct notices *n, const char *id, int64_t now_us);

#endif
