/* One expression: first byte says where it stands, the rest is the expression. What is safe to paste is checked by pasting it. */
#include <jansson.h>
#include <stdint.h>

#include "base/mem.h"
#include "tests/fuzz/http_account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const places[] = {
    "[request]\njson = {\"a\":\"x\",\"b\":\"${%.*s}\"}\n[response]\nok = /c == 0\n",
    "[request]\npath = /a/${%.*s}\n[response]\nok = /c == 0\n",
    "[request]\n[form]\na = 1\nb? = ${%.*s}\n[headers]\nX-A = ${hex(sha256(body))}\n[response]\nok = /c == "
    "0\n",
    "[let]\na = ${%.*s}\n[request]\nraw = ${let.a}${let.a}\n[headers]\nX-B? = ${let.a}\n[response]\nok = /c "
    "== 0\n",
    "[request]\nneeds = template\nxml = <a b=\"${%.*s}\"/>\n[response]\nok = /c == 0\n",
    "[request]\n[auth]\ncheck = cat('a', %.*s) == header.X\n[response]\nok = /c == 0\n[reply]\nfrom = "
    "/f\ntext = /t\n",
};

/* Nothing breaks out of a string of JSON. */
static void check_json(const struct provider_conf *c, const char *expr, size_t n)
{
    struct provider_request r;
    struct err e;
    json_t *tree;

    provider_request_init(&r);
    r.now_ms = 1716192000123;
    memcpy(r.nonce, "0123456789abcdef0123456789abcdef", 33);
    /* params.* are whole values of JSON: inside quotes they are the author's mistake; raw bytes are no text */
    if (memmem(expr, n, "params.", 7) == NULL && http_driver.build(c, messages, 1, &r, &e) == 0 &&
        utf8_valid(r.call.body, r.call.body_len)) {
        tree = json_loadb(r.call.body, r.call.body_len, 0, NULL);
        if (tree == NULL || json_object_size(tree) != 2)
            abort();
        json_decref(tree);
    }
    provider_request_fini(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t place = size > 0 ? data[0] % ARRAY_LEN(places) : 0, n = size > 0 ? size - 1 : 0;
    struct buf text = BUF_INIT(SPEC_FILE_MAX);
    const char *at = strstr(places[place], "%.*s");
    struct err e = {.code = ""};
    struct vendor_template t;
    struct provider_conf c;
    struct spec *s;

    /* a second ${...} or a quote of its own is another author's text */
    if (n > 4000 || memchr(data + 1, '}', n) != NULL || memchr(data + 1, '\n', n) != NULL)
        return 0;
    buf_add(&text, places[place], (size_t)(at - places[place]));
    buf_add(&text, data + 1, n);
    buf_str(&text, at + 4);
    s = spec_parse(buf_cstr(&text), text.len, "x.conf", &e);
    if (s == NULL && e.msg[0] == '\0')
        abort();
    if (s != NULL) {
        if (vendor_template_init(&t, "water", "T1", "停电 \"A\" {{n}}", NULL, &e) != 0)
            abort();
        account(&c, s, &t);
        build(&c);
        if (place == 0)
            check_json(&c, (const char *)data + 1, n);
        call_back(&c, "reply", false, "from=1&text=a", 13);
        vendor_template_fini(&t);
    }
    spec_free(s);
    buf_fini(&text);
    return 0;
}
