/* What one message costs a driver in CPU: the request with its signature, and the verdict. One line each: NAME BUILD_US CLASSIFY_US. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "provider/drivers.h"
#include "provider/vendor.h"

#define ROUNDS 20000
#define REPEAT 5 /* the quietest counts */

static struct vendor_template ali, qq;
static char key[] = "testAccessKeySecret0123456789a";
static const struct secret secret = {.value = key, .len = sizeof(key) - 1};

#define ALIYUN                                                                                               \
    "{\"Message\":\"OK\",\"RequestId\":\"F655A8D5-B967-440B-8683-DAD6FF8DE990\",\"Code\":\"OK\",\"BizId\":"  \
    "\"900619746936498440^0\"}"
#define TENCENT                                                                                              \
    "{\"Response\":{\"SendStatusSet\":[{\"SerialNo\":\"5000:1045710669157053657849499619\","                 \
    "\"PhoneNumber\":\"+8613800000001\",\"Fee\":1,\"SessionContext\":\"notice.17.1\",\"Code\":\"Ok\","       \
    "\"Message\":\"send success\",\"IsoCode\":\"CN\"}],\"RequestId\":\"a0aabda6-cf91-4f3e\"}}"

static const struct account {
    const char *name;
    const struct driver *driver;
    const char *url, *variant, *answer;
} accounts[] = {
    {"json",      &json_driver,    "http://127.0.0.1:9/send",          "",   "{\"code\":0,\"id\":\"m-1\"}"},
    {"aliyun",    &aliyun_driver,  "https://dysmsapi.aliyuncs.com/",   "",   ALIYUN                       },
    {"aliyun-v1", &aliyun_driver,  "https://dysmsapi.aliyuncs.com/",   "v1", ALIYUN                       },
    {"tencent",   &tencent_driver, "https://sms.tencentcloudapi.com/", "",   TENCENT                      },
};

static const struct provider_msg message = {
    .to = "+8613800000001",
    .text = "张三您好,明早八点文化广场篮球赛,请穿运动鞋,带好饮水;不能来的请回复 取消。",
    .ref = "notice.17.1",
    .lane = LANE_NORMAL};

static double cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct provider_conf conf_of(const struct account *a)
{
    return (struct provider_conf){.name = a->name,
                                  .driver = a->driver->name,
                                  .channel = "sms",
                                  .url = a->url,
                                  .account = "LTAI0000000000000000",
                                  .app = "1400006666",
                                  .sender = "",
                                  .region = "",
                                  .variant = a->variant,
                                  .secret = &secret,
                                  .batch = 1,
                                  .sign = "金星社区",
                                  .templates = a->driver == &tencent_driver ? &qq : &ali,
                                  .n_templates = 1};
}

static double build_us(const struct account *a, const struct provider_conf *c, const struct provider_msg *m)
{
    struct provider_request req;
    struct err e;
    double from, took;

    provider_request_init(&req);
    req.now_ms = 1716192000000;
    memcpy(req.nonce, "0123456789abcdef0123456789abcdef", 33);
    req.token = "";
    from = cpu_us();
    for (int i = 0; i < ROUNDS; i++)
        if (a->driver->build(c, m, 1, &req, &e) != 0)
            panic("%s: %s", a->name, e.msg);
    took = cpu_us() - from;
    provider_request_fini(&req);
    return took / ROUNDS;
}

static double classify_us(const struct account *a, const struct provider_conf *c,
                          const struct provider_msg *m)
{
    struct http_answer answer = {.outcome = HTTP_ANSWERED,
                                 .status = 200,
                                 .body = a->answer,
                                 .body_len = strlen(a->answer),
                                 .retry_after_ms = -1};
    double from = cpu_us();

    for (int i = 0; i < ROUNDS; i++) {
        struct provider_verdict v = {.verdict = VERDICT_UNKNOWN, .retry_after_ms = -1};

        a->driver->classify(c, m, 1, &answer, &v);
        if (v.verdict != VERDICT_SENT)
            panic("%s: %s", a->name, v.detail);
    }
    return (cpu_us() - from) / ROUNDS;
}

static void measure(const struct account *a)
{
    struct provider_conf c = conf_of(a);
    struct provider_msg m = message;
    double build = 1e9, classify = 1e9;

    m.text_len = strlen(m.text);
    for (int i = 0; i < REPEAT; i++) {
        double b = build_us(a, &c, &m), j = classify_us(a, &c, &m);

        build = b < build ? b : build;
        classify = j < classify ? j : classify;
    }
    printf("%s %.2f %.2f\n", a->name, build, classify);
}

int main(void)
{
    static const char text[] =
        "{{name}}您好,明早{{time}}文化广场{{what}},请穿运动鞋,带好饮水;不能来的请回复 取消。";

    if (vendor_template_init(&ali, "match", "SMS_100000001", text, NULL, NULL) != 0 ||
        vendor_template_init(&qq, "match", "1100001", text, NULL, NULL) != 0)
        return 1;
    for (size_t i = 0; i < ARRAY_LEN(accounts); i++)
        measure(&accounts[i]);
    vendor_template_fini(&ali);
    vendor_template_fini(&qq);
    return 0;
}
