/* The drivers, for table.c and for tests: one per file, and what several of them share. */
#ifndef PROVIDER_DRIVERS_H
#define PROVIDER_DRIVERS_H

#include "provider/provider.h"

extern const struct driver json_driver;
extern const struct driver sandbox_driver;

/* Callbacks in the JSON of contract 5 (drivers json and sandbox): an object or an array of at most 10,000. Everything is checked before the first ${each}:
 * -1 with code "bad-receipt" | "bad-reply" and the member as field means that none was told. */
int callback_receipts(const struct provider_conf *c, const char *body, size_t n,
                      void (*each)(void *arg, const struct provider_receipt *r), void *arg, struct err *e);
int callback_replies(const struct provider_conf *c, const char *body, size_t n,
                     void (*each)(void *arg, const struct provider_reply *r), void *arg, struct err *e);

/* What the url of a sandbox provider may say: "" | "sandbox:" | "sandbox:?delay=MS&receipt=MS" (receipt=off: phones never report).
 * 0, or -1 with code "bad-url". */
struct sandbox_url {
    int64_t delay_ms;   /* until a message is accepted; default 0 */
    int64_t receipt_ms; /* from acceptance to the report "delivered"; default 100; -1 = never */
};
int sandbox_url_parse(const char *url, struct sandbox_url *out, struct err *e) MUSTCHECK;

#endif
