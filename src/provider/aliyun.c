/* Driver `aliyun`: Alibaba Cloud SMS, product Dysmsapi, version 2017-05-25.
 *
 *   POST /?PhoneNumbers=...    SendSms: the same text for one number or many; the body is empty
 *   POST /                     SendBatchSms: one template, values and number by number; lists in a form
 *
 * The vendor's template says the text, its named variables are filled with what stands in their places. Signed by ACS3-HMAC-SHA256, with variant "v1" by the
 * older HMAC-SHA1. Receipts echo our reference as `out_id` where a request has one recipient; of more they are found by BizId and number. A refusal of a request with several
 * recipients does not say whom it is about: then each is asked alone (aliyun_answer.c). */
#include "provider/aliyun.h"

#include <string.h>

#include "base/mem.h"
#include "provider/cloud.h"
#include "provider/drivers.h"
#include "provider/vendor.h"

#define SENDSMS_MAX 1000 /* numbers with the same text in one request */

/* Regions with a house of their own; all others of the mainland are served by the central one. */
static const struct {
    const char *region, *url;
} houses[] = {
    {"cn-hangzhou",    "https://dysmsapi.aliyuncs.com/"                 },
    {"cn-beijing",     "https://dysmsapi-proxy.cn-beijing.aliyuncs.com/"},
    {"cn-hongkong",    "https://dysmsapi-xman.cn-hongkong.aliyuncs.com/"},
    {"ap-southeast-1", "https://dysmsapi.ap-southeast-1.aliyuncs.com/"  },
    {"ap-southeast-5", "https://dysmsapi.ap-southeast-5.aliyuncs.com/"  },
    {"eu-central-1",   "https://dysmsapi.eu-central-1.aliyuncs.com/"    },
    {"us-east-1",      "https://dysmsapi.us-east-1.aliyuncs.com/"       },
};
#define CENTRAL houses[0].url

const char *aliyun_address(const struct provider_conf *c)
{
    if (c->region[0] == '\0' || strcmp(c->url, CENTRAL) != 0)
        return c->url;
    for (size_t i = 0; i < ARRAY_LEN(houses); i++)
        if (strcmp(houses[i].region, c->region) == 0)
            return houses[i].url;
    return NULL;
}

bool aliyun_v1(const struct provider_conf *c)
{
    return strcmp(c->variant, "v1") == 0;
}

/* ---- settings ---- */

static int check_template(const struct vendor_template *t, struct err *e)
{
    if (strncmp(t->id, "SMS_", 4) != 0 || t->id[4] == '\0' ||
        strspn(t->id + 4, "0123456789") != strlen(t->id + 4))
        return err_set(
            e, "bad-option", "driver",
            "the id \"%.40s\" of template \"%.40s\" is no template code of Alibaba (SMS_ and digits)", t->id,
            t->title);
    return 0;
}

static int aliyun_check(const struct provider_conf *c, struct err *e)
{
    const char *path, *address = aliyun_address(c);
    char host[ALIYUN_HOST_MAX];

    if (strcmp(c->channel, "sms") != 0)
        return err_set(e, "bad-option", "channel", "driver aliyun sends over channel sms");
    if (c->account[0] == '\0' || c->secret == NULL || c->secret->len == 0)
        return err_set(e, "bad-option", c->account[0] == '\0' ? "account" : "secret",
                       "driver aliyun needs account (the AccessKey id) and secret (the AccessKey secret)");
    if (c->account[strspn(c->account, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] !=
        '\0')
        return err_set(e, "bad-option", "account", "account is no AccessKey id");
    if (c->sign == NULL || c->sign[0] == '\0' || strstr(c->sign, "【") != NULL)
        return err_set(e, "bad-option", "sign",
                       "driver aliyun needs sign: the approved signature, without 【】");
    if (strspn(c->sender, "0123456789") != strlen(c->sender) || strlen(c->sender) > 20)
        return err_set(e, "bad-option", "sender", "sender is the extension code: digits, at most 20");
    if (strcmp(c->variant, "") != 0 && strcmp(c->variant, "v3") != 0 && !aliyun_v1(c))
        return err_set(e, "bad-option", "variant", "variant \"%.20s\"; allowed: v3, v1", c->variant);
    if (c->batch < 1 || c->batch > SENDSMS_MAX)
        return err_set(e, "bad-option", "batch", "batch %zu; driver aliyun takes 1 to %d", c->batch,
                       SENDSMS_MAX);
    if (address == NULL)
        return err_set(e, "bad-option", "region", "region \"%.40s\" has no address that is known; set url",
                       c->region);
    if (cloud_address(address, host, sizeof(host), &path) != 0)
        return err_set(e, "bad-url", "url", "driver aliyun needs an address without a query");
    if (c->n_templates == 0)
        return err_set(e, "bad-option", "driver",
                       "driver aliyun sends by approved templates only, and no section vendor_template "
                       "belongs to it");
    for (size_t i = 0; i < c->n_templates; i++)
        if (check_template(&c->templates[i], e) != 0)
            return -1;
    return 0;
}

/* ---- what travels together ---- */

bool aliyun_mainland(const char *to)
{
    return strncmp(to, "+86", 3) == 0;
}

bool aliyun_same_text(const struct provider_msg *a, const struct provider_msg *b)
{
    return a->text_len == b->text_len && memcmp(a->text, b->text, a->text_len) == 0;
}

/* The same text always; with texts of their own those of one template, as long as SendBatchSms has room for all that may come. */
static bool aliyun_joins(const struct provider_conf *c, const struct provider_msg *first,
                         const struct provider_msg *m)
{
    struct vendor_match a, b;

    if (aliyun_mainland(first->to) != aliyun_mainland(m->to) ||
        (first->purpose == PURPOSE_PROMOTION) != (m->purpose == PURPOSE_PROMOTION))
        return false;
    if (aliyun_same_text(first, m))
        return true;
    return c->batch <= ALIYUN_BATCH_MAX &&
           vendor_find(c, first->text, first->text_len, first->purpose, &a, NULL) == 0 &&
           vendor_find(c, m->text, m->text_len, m->purpose, &b, NULL) == 0 && a.t == b.t;
}

const struct driver aliyun_driver = {
    .name = "aliyun",
    .batch_max = SENDSMS_MAX,
    .needs_url = true,
    .url = "https://dysmsapi.aliyuncs.com/",
    .wants_nonce = true,
    .receipt_ids = true,
    .receipt_ids_to = true,
    .echoes_alone = true,
    .blames_all = true,
    .check = aliyun_check,
    .fits = vendor_fits,
    .joins = aliyun_joins,
    .build = aliyun_build,
    .classify = aliyun_classify,
    .callback = aliyun_callback,
};
