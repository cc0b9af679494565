/* The usher: what becomes due in activities without anybody writing. Reminds those who hold a seat, takes back offered seats that nobody confirmed. One per community; of several daemons any may do it: a
 * script does each thing once. */
#ifndef DAEMON_USHER_H
#define DAEMON_USHER_H

#include "config/config.h"
#include "queue/roster.h"

struct usher;
struct usher_opts {
    struct loop *loop;
    struct queue *queue;                 /* borrowed */
    const struct config_community *conf; /* borrowed */
    int64_t look_ms; /* how often it looks, at least; sooner when it knows that something is due */
};
struct usher *usher_new(const struct usher_opts *o);
/* Nothing comes any more afterwards; not inside one of its completions. NULL is fine. */
void usher_free(struct usher *u);
/* Redis can be used, or not any more. */
void usher_set_usable(struct usher *u, bool usable);
/* Another configuration (reload). Borrowed. */
void usher_set_conf(struct usher *u, const struct config_community *conf);

#endif
