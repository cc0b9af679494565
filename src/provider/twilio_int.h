/* Inside twilio*.c only (and its tests): the parts of driver `twilio`. */
#ifndef PROVIDER_TWILIO_INT_H
#define PROVIDER_TWILIO_INT_H

#include "provider/classes.h"
#include "provider/form.h"
#include "provider/provider.h"

/* What Twilio's codes mean for us; the same in answers and in status callbacks. */
extern const struct class_row twilio_rows[];
extern const size_t twilio_n_rows;

void twilio_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                     const struct http_answer *a, struct provider_verdict *v);
int twilio_callback(const struct provider_conf *c, const struct provider_callback *in,
                    const struct provider_sink *sink, struct provider_ack *ack, struct err *e);

/* The key callbacks are signed with: the account's auth token. NULL when there is none. */
const struct secret *twilio_auth_token(const struct provider_conf *c);
/* "SM" or "MM" and 32 hex digits? */
bool twilio_is_sid(const char *s, const char *prefix);
/* X-Twilio-Signature of ${url} with these fields (n = 0: a body that is no form), appended as base64. */
void twilio_sign(struct buf *out, const struct secret *token, const char *url, size_t url_len,
                 const struct form_field *fields, size_t n);

#endif
