/* A raw TCP client for tests of servers that run in the same loop: says bytes, and listens while the loop turns. */
#ifndef TESTS_SUPPORT_EAR_H
#define TESTS_SUPPORT_EAR_H

#include "base/buf.h"
#include "net/loop.h"

struct ear {
    struct loop *loop;
    int fd;
    struct buf got; /* all that came */
    bool eof;
};

/* Connect to 127.0.0.1:${port}. */
void ear_dial(struct ear *e, struct loop *l, int port);
/* All of it at once (it must fit into the socket). */
void ear_say(struct ear *e, const char *text);
/* Run the loop until ${until} has come (NULL: until the end of the connection). Panics after ten seconds. */
void ear_listen(struct ear *e, const char *until);
/* Take what is there; true when the connection has ended. */
bool ear_ended(struct ear *e);
bool ear_has(const struct ear *e, const char *text);
void ear_hang_up(struct ear *e);

#endif
