/* The HTTP face: routes (path, method, ROLE), tokens, JSON answers; behind the Unix socket and TCP alike.
 *
 * Hides: routing, authorization (a column of the table in routes.c), error bodies. */
#ifndef DAEMON_API_H
#define DAEMON_API_H

#include "daemon/app.h"

/* Every member of ${a} that stands before `api` in struct app is there already. */
struct api *api_new(struct app *a, struct err *e) MUSTCHECK;
int api_listen(struct api *api, struct err *e) MUSTCHECK;
int api_port(const struct api *api);
void api_close_listeners(struct api *api);
/* When the loop runs no more (calls that wait for a completion are forgotten), before events and the loop are freed. NULL is fine. */
void api_free(struct api *api);

#endif
