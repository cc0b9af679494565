/* How many requests one provider account gets at once: as many as it bears, at most the configured window.
 *
 * Hides: the way there. It begins small and grows by one for each good answer, that is twofold in the time of one, until the first trouble (429, a
 * timeout); from then on by one for each window full of good answers, and to 0.7 of itself at each trouble, but only once for all requests that were out
 * together. Small numbers of its own kind are kept above zero: something always goes. No clock, no timer.
 *
 * And how often it is asked again for messages of lanes normal and bulk: retries that did not succeed are at most a fifth of the first sends of ten seconds (and
 * RETRY_FLOOR, so that a small notice gets through). A retry that the provider takes costs nothing: what must not be added to is trouble, not work. */
#ifndef DAEMON_LINK_LIMIT_H
#define DAEMON_LINK_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_limit {
    size_t most;    /* the configured window */
    size_t now;     /* most requests at once, 1 .. most */
    size_t good;    /* good answers since the last step of one */
    bool careful;   /* there was trouble: steps of one */
    uint64_t begun; /* requests begun so far */
    uint64_t seen;  /* trouble of requests begun before this one is known already */
};

void link_limit_init(struct link_limit *l, size_t window);
/* Another configured window. */
void link_limit_set(struct link_limit *l, size_t window);
/* A request begins; what it answers is given back at its end. */
uint64_t link_limit_begin(struct link_limit *l);
/* A request that began as number ${begun} is over. ${busy}: so many were out that the limit mattered. */
void link_limit_end(struct link_limit *l, uint64_t begun, bool trouble, bool busy);
/* The provider was away and is back: begin anew. */
void link_limit_restart(struct link_limit *l);

#define LINK_RETRY_SECONDS 10

struct link_retries {
    struct {
        int64_t second;
        uint32_t first, again; /* first sends; retries less those that succeeded */
    } cells[LINK_RETRY_SECONDS];
    int64_t denied_second; /* of this ten-second span: */
    uint64_t n_denied;     /* who was told to wait in it */
    uint64_t denied_total;
};

/* ${n} messages are sent for the first time. */
void link_retries_first(struct link_retries *r, uint32_t n, int64_t now_us);
/* May one message be sent again now? Then it is counted. Otherwise in how many ms to ask again: in turn, as far as can be told. */
bool link_retries_take(struct link_retries *r, uint32_t random, int64_t now_us, int64_t *wait_ms);
/* It succeeded, or was not sent after all. */
void link_retries_give(struct link_retries *r, int64_t now_us);
/* The provider was away and is back. */
void link_retries_restart(struct link_retries *r);

#endif
