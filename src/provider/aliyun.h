/* Inside aliyun*.c and their tests only. */
#ifndef PROVIDER_ALIYUN_H
#define PROVIDER_ALIYUN_H

#include "provider/provider.h"

#define ALIYUN_BATCH_MAX 100 /* numbers with texts of their own in one request (SendBatchSms) */
#define ALIYUN_HOST_MAX  256

/* An address that was set is taken as it is; otherwise the region's. NULL: no such region. */
const char *aliyun_address(const struct provider_conf *c);
bool aliyun_v1(const struct provider_conf *c);
bool aliyun_mainland(const char *to);
bool aliyun_same_text(const struct provider_msg *a, const struct provider_msg *b);

int aliyun_build(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                 struct provider_request *req, struct err *e);
void aliyun_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                     const struct http_answer *a, struct provider_verdict *v);
int aliyun_callback(const struct provider_conf *c, const struct provider_callback *in,
                    const struct provider_sink *sink, struct provider_ack *ack, struct err *e);

#endif
