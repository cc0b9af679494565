/* A description of an API: whatever it is, it is compiled or refused with a sentence; what is compiled builds, judges and reads without harm. */
#include <stdint.h>

#include "base/mem.h"
#include "tests/fuzz/http_account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char answer[] =
        "{\"code\":0,\"id\":\"a\",\"data\":[{\"to\":\"+8613800000002\",\"code\":5}]}";
    struct err e = {.code = ""};
    struct vendor_template t;
    struct provider_conf c;
    struct spec *s = spec_parse((const char *)data, size, "x.conf", &e);

    if (s == NULL) {
        if (strncmp(e.msg, "x.conf:", 7) != 0 || !utf8_valid(e.msg, strlen(e.msg)))
            abort();
        return 0;
    }
    if (vendor_template_init(&t, "water", "T1", "停电 \"A\" {{n}}", NULL, &e) != 0)
        abort();
    account(&c, s, &t);
    (void)http_driver.check(&c, &e);
    build(&c);
    judge(&c, 2, 200, answer, sizeof(answer) - 1);
    judge(&c, 1, 503, "0", 1);
    call_back(&c, "receipt", false, answer, sizeof(answer) - 1);
    call_back(&c, "receipt", true, "ref=n.0.1&status=DELIVRD&id=5", 28);
    call_back(&c, "reply", false, "from=1&text=a&sms_reply=[]", 26);
    vendor_template_fini(&t);
    spec_free(s);
    return 0;
}
