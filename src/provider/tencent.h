/* Inside tencent*.c only. */
#ifndef PROVIDER_TENCENT_H
#define PROVIDER_TENCENT_H

#include "provider/provider.h"

void tencent_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                      const struct http_answer *a, struct provider_verdict *v);
int tencent_callback(const struct provider_conf *c, const struct provider_callback *in,
                     const struct provider_sink *sink, struct provider_ack *ack, struct err *e);

#endif
