/* Inside http*.c only. */
#ifndef PROVIDER_HTTP_INT_H
#define PROVIDER_HTTP_INT_H

#include "provider/drivers.h"

void http_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                   const struct http_answer *a, struct provider_verdict *v);
int http_callback(const struct provider_conf *c, const struct provider_callback *in,
                  const struct provider_sink *sink, struct provider_ack *ack, struct err *e);

#endif
