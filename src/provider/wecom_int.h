/* Inside wecom*.c only (and its tests): the parts of driver `wecom`. */
#ifndef PROVIDER_WECOM_INT_H
#define PROVIDER_WECOM_INT_H

#include "provider/weixin.h"

extern const struct class_row wecom_rows[];
extern const size_t wecom_n_rows;

bool wecom_is_robot(const struct provider_conf *c);
void wecom_classify(const struct provider_conf *c, const struct provider_msg *m, size_t n,
                    const struct http_answer *a, struct provider_verdict *v);
int wecom_callback(const struct provider_conf *c, const struct provider_callback *in,
                   const struct provider_sink *sink, struct provider_ack *ack, struct err *e);

#endif
