/* Inside wechat*.c only (and its tests): the parts of driver `wechat`. */
#ifndef PROVIDER_WECHAT_INT_H
#define PROVIDER_WECHAT_INT_H

#include "provider/weixin.h"

extern const struct class_row wechat_rows[];
extern const size_t wechat_n_rows;

void wechat_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                     const struct http_answer *a, struct provider_verdict *v);
int wechat_callback(const struct provider_conf *c, const struct provider_callback *in,
                    const struct provider_sink *sink, struct provider_ack *ack, struct err *e);

#endif
