/* Simulated phones inside the daemon: they receive what the `sandbox` driver sends, keep it for looking, and can text back.
 *
 * Used by the demo, the console and training. Bounded: the last 20 messages of each of at most 10,000 phones. */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

#include <jansson.h>

#include "net/loop.h"
#include "provider/provider.h"

struct sandbox;
struct sandbox_op;
struct sandbox *sandbox_new(struct loop *l);
void sandbox_free(struct sandbox *s);
/* Hand messages to their phones: accepted after ${delay_ms} (option of the provider's url "sandbox:?delay=20"), one completion, later. */
struct sandbox_op *sandbox_send(struct sandbox *s, const struct provider_conf *c,
                                const struct provider_msg *m, size_t n,
                                void (*cb)(void *arg, const struct provider_verdict *v, size_t n), void *arg);
void sandbox_cancel(struct sandbox_op *op);
/* Receipts ("delivered") that the phones owe; called by the sandbox some time after acceptance. */
void sandbox_on_receipt(struct sandbox *s,
                        void (*cb)(void *arg, const char *provider, const char *body, size_t n), void *arg);
/* A phone texts: goes to the hook like any provider's reply (a JSON body of driver `sandbox`). */
void sandbox_on_reply(struct sandbox *s,
                      void (*cb)(void *arg, const char *provider, const char *body, size_t n), void *arg);
void sandbox_text(struct sandbox *s, const char *provider, const char *from, const char *text);
/* Phones with their last message, newest first; and one phone's messages, oldest first. */
json_t *sandbox_phones(const struct sandbox *s, size_t limit);
json_t *sandbox_messages(const struct sandbox *s, const char *phone);

#endif
