/* A notice as the API shows it (contract 6, `notice show`). Made in api_notices.c; also used by status. */
#ifndef DAEMON_API_NOTICE_JSON_H
#define DAEMON_API_NOTICE_JSON_H

#include "daemon/api_call.h"

json_t *api_notice_json(const struct api_call *c, const struct community *community,
                        const struct queue_notice *n);

#endif
