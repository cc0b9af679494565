/* Servers that misbehave, for tests of net/: a thread for each connection runs the test's own function.
 *
 * Counts what arrives, because what a client believes and what a server saw are two things. */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>

struct hostile;

/* Serve one connection (called in its own thread); ${fd} is closed after it returns. */
typedef void (*hostile_fn)(struct hostile *h, int fd, void *arg);

/* Listen on 127.0.0.1 at a port of the system's choice. */
struct hostile *hostile_start(hostile_fn fn, void *arg);
/* Closes all connections, waits for the threads. */
void hostile_stop(struct hostile *h);
int hostile_port(const struct hostile *h);
/* "http://127.0.0.1:PORT/send" */
const char *hostile_url(const struct hostile *h);

/* Complete HTTP requests read so far by hostile_read_request, and connections accepted. */
unsigned hostile_requests(const struct hostile *h);
unsigned hostile_connections(const struct hostile *h);

/* For hostile_fn: read one HTTP request, header and body. false when the peer closed (or hostile_stop came). */
bool hostile_read_request(struct hostile *h, int fd);
/* Read at least one byte, throw it away. false at the end. */
bool hostile_read_some(int fd);
void hostile_say(int fd, const char *text);
/* A complete answer {"code":0,"id":"x"} that keeps the connection. */
void hostile_say_ok(int fd);
/* The close that follows will be a reset. */
void hostile_reset_on_close(int fd);
/* Read and ignore until the peer closes or hostile_stop. */
void hostile_hang(int fd);
/* Wait ${ms} or until the connection ends, whichever comes first. true when the time is over. */
bool hostile_pause(int fd, int ms);

#endif
