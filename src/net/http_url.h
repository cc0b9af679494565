/* Where a request may go. Private to net/http*.c.
 *
 * Hides: the reading of a configured URL and the rules of each reach (net/http.h, enum http_reach). */
#ifndef NET_HTTP_URL_H
#define NET_HTTP_URL_H

#include "net/http.h"

struct sockaddr;

int http_url_check(const char *url, bool allow_private, enum http_reach *reach, struct err *e) MUSTCHECK;
bool http_url_tls(const char *url);
/* May a request of ${reach} speak to this address? */
bool http_url_allowed(enum http_reach reach, bool tls, const struct sockaddr *sa);

#endif
