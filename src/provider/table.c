/* All drivers, and the request they share. */
#include <string.h>

#include "base/mem.h"
#include "provider/drivers.h"

/* Most bytes of one request: 1,000 messages of the longest text. More is refused by the build, not by memory. */
#define REQUEST_BODY_MAX (16u << 20)
#define REQUEST_URL_MAX  (16u << 10)
#define REQUEST_HEAD_MAX (80u << 10)

static const struct driver *const drivers[] = {
    &http_driver, &json_driver, &sandbox_driver, &twilio_driver, &wechat_driver, &wecom_driver,
};

const struct driver *provider_driver_at(size_t i)
{
    return i < ARRAY_LEN(drivers) ? drivers[i] : NULL;
}

const struct driver *provider_driver(const char *name)
{
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(drivers); i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    return NULL;
}

void provider_request_init(struct provider_request *r)
{
    *r = (struct provider_request){.call = {.method = "POST"}};
    buf_init(&r->body, REQUEST_BODY_MAX);
    buf_init(&r->url, REQUEST_URL_MAX);
    buf_init(&r->headers, REQUEST_HEAD_MAX);
}

void provider_request_fini(struct provider_request *r)
{
    buf_fini(&r->body);
    buf_wipe(&r->url); /* keys and access tokens stand in some */
    buf_fini(&r->url);
    buf_wipe(&r->headers); /* it held the secret */
    buf_fini(&r->headers);
}
