/* All drivers, and the request they share. */
#include <string.h>

#include "base/mem.h"
#include "provider/drivers.h"

/* Most bytes of one request: 1,000 messages of the longest text. More is refused by the build, not by memory. */
#define REQUEST_BODY_MAX (16u << 20)
#define REQUEST_URL_MAX  (32u << 10)
#define REQUEST_HEAD_MAX (80u << 10)

static const struct driver *const drivers[] = {
    &aliyun_driver,  &http_driver,   &json_driver,   &sandbox_driver,
    &tencent_driver, &twilio_driver, &wechat_driver, &wecom_driver,
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

const char *provider_about_name(enum provider_about about)
{
    static const char *const names[] = {[ABOUT_NOTHING] = "",
                                        [ABOUT_OPTED_OUT] = "out",
                                        [ABOUT_DEAD_NUMBER] = "dead",
                                        [ABOUT_MISSED] = "missed"};

    return names[about];
}

void provider_headers_begin(struct provider_request *r)
{
    buf_reset(&r->headers);
    r->n_headers = 0;
}

void provider_header(struct provider_request *r, const char *name, const char *value)
{
    if (r->n_headers == PROVIDER_HEADERS_MAX)
        panic("more than %d headers", PROVIDER_HEADERS_MAX);
    r->header_at[r->n_headers++] = r->headers.len;
    buf_fmt(&r->headers, "%s: %s", name, value);
    buf_chr(&r->headers, '\0');
}

void provider_headers_end(struct provider_request *r)
{
    for (size_t i = 0; i < r->n_headers && !r->headers.overflow; i++)
        r->header_list[i] = r->headers.data + r->header_at[i];
    r->header_list[r->headers.overflow ? 0 : r->n_headers] = NULL;
}

void provider_post(struct provider_request *r, const char *url)
{
    r->call.method = "POST";
    r->call.url = url;
    r->call.headers = r->header_list;
    r->call.body = buf_cstr(&r->body);
    r->call.body_len = r->body.len;
}

void provider_post_json(struct provider_request *r, const char *url)
{
    r->header_list[0] = "Content-Type: application/json; charset=utf-8";
    r->header_list[1] = NULL;
    provider_post(r, url);
}
