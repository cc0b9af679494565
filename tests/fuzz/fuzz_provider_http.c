/* Everything a stranger can send to driver http: answers and callbacks, against descriptions of each kind. First byte picks the description, second what the rest is. */
#include <stdint.h>

#include "base/mem.h"
#include "tests/fuzz/http_account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const texts[] = {
    "[request]\nbatch = 9\n[form]\na = ${to}\n[response]\nok = /code == 0\nid = /id\ncode = /code\nmessage = "
    "/msg\nretry_after = /wait\n"
    "items = /data\nitem_to = /to\nitem_ok = /code == 0\nitem_id = /id\nitem_code = "
    "/code\n[classes]\n/^4[0-9]+$/ = retry wait=5\n5* = throttled recipient day\n"
    "[receipt]\nitems = /list\nwhen = /kind != x\nid = /id\nto = /to\nstatus = /s\ncode = /c\ndetail = /d ~ "
    "a([0-9]+)b\n[status]\nok = delivered\n* = failed\n"
    "[codes]\nMB* = bad-recipient opted-out : listed\n[reply]\nitems = /list\nid = /id\nfrom = /from | "
    "/f\ntext = /text\ntime = /at\n",
    "[request]\n[form]\na = ${to}\n[response]\nformat = form\nok = /code == 0\ncode = /code | /c\nmessage = "
    "body\n"
    "[receipt]\nformat = form\nunwrap = j\nref = /ref\nstatus = /s\n[status]\nok = delivered\n* = failed\n"
    "[reply]\nformat = form\nfrom = /from\ntext = /text\ntime = /at\ntime_format = %Y-%m-%d %H:%M:%S\ndedupe "
    "= /from, /text, /x\n",
    "[request]\nmethod = GET\n[query]\na = ${to}\n[response]\nformat = text\nok = body =~ ^(OK|Success) "
    "\"\ncode = body ~ ^([A-Z]+)\nid = body ~ \"([^\"]+)\"\nmessage = body\n"
    "[receipt]\nformat = query\nref = /ref\nstatus = /s\ncode = /a ~ stat:([A-Z]+)\n[status]\n1 = "
    "delivered\n2, 16 = failed\n/^[48]$/ = pending\n"
    "[reply]\nformat = query\nid = /id\nfrom = /from\ntext = /text\ntime = /at\ntime_format = %y%m%d%H%M\n",
    "[request]\nbatch = 9\n[form]\na = ${to}\n[response]\nformat = xml\nok = /code == 2\ncode = "
    "/code\nmessage = /msg | "
    "/#\nitems = /list/one\nitem_to = /@to\nitem_ok = /code == 2\nitem_id = /id\nitem_code = /code\n"
    "[receipt]\nformat = xml\nitems = /box\nid = /id\nto = /to\nstatus = /s\ncode = /c\n[status]\n10 = "
    "delivered\n* = "
    "failed\n[reply]\nformat = xml\nitems = /box\nfrom = /from\ntext = /text\ntime = /at\n",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct spec *specs[ARRAY_LEN(texts)];
    static const int statuses[] = {200, 400, 429, 503};
    struct vendor_template none = {.title = NULL};
    struct provider_conf c;
    struct err e;
    size_t which;
    uint8_t *rest;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (specs[i] == NULL && (specs[i] = spec_parse(texts[i], strlen(texts[i]), "x.conf", &e)) == NULL)
            panic("%s", e.msg);
    if (size < 2)
        return 0;
    which = data[0] % ARRAY_LEN(texts);
    account(&c, specs[which], &none);
    c.batch = which == 0 || which == 3 ? 2 : 1;
    rest = xmalloc(size > 2 ? size - 2 : 1); /* sanitizers see a read past it */
    memcpy(rest, data + 2, size - 2);
    if (data[1] % 6 < 4)
        judge(&c, c.batch, statuses[data[1] % 6], rest, size - 2);
    else
        call_back(&c, data[1] % 6 == 4 ? "receipt" : "reply", data[1] >= 128, rest, size - 2);
    free(rest);
    return 0;
}
