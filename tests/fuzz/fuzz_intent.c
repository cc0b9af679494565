/* Any bytes as a reply, in several scenes: an intent comes out, its texts are valid UTF-8, and nothing that cannot be undone
 * happens without its word. Numbers and folding are fed the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "model/intent.h"
#include "text/fold.h"
#include "text/phone.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct activity ACTIVITIES[] = {
    {.code = "bb",    .title = "中秋篮球赛", .aliases = {"篮球", "basketball"}, .n_aliases = 2},
    {.code = "ymq", .title = "羽毛球友谊赛 3v3"                          },
};
static const bool YES[2] = {true, true};
static const char OFFERED[2][ACTIVITY_CODE_MAX + 1] = {"bb", "ymq"};

static void check(const struct intent *o, bool asked)
{
    if (!utf8_valid(o->name, strlen(o->name)) || !utf8_valid(o->rest, strlen(o->rest)) || o->count == 0 ||
        !o->rule[0] || o->n_steps == 0)
        abort();
    for (size_t i = 0; i < o->n_steps; i++)
        if (!utf8_valid(o->steps[i], strlen(o->steps[i])))
            abort();
    if (o->activity[0] && o->n_ambiguous)
        abort();
    if (!asked && (o->kind == INTENT_SAFE || o->kind == INTENT_SOS))
        abort();
}

/* Folding a folded text changes nothing. */
static void check_fold(const char *s, size_t n)
{
    struct buf a = BUF_INIT(1 << 16), b = BUF_INIT(1 << 16);

    if (fold_trim(s, n, &a) == 0 && !utf8_valid(buf_cstr(&a), a.len))
        abort();
    if (fold_text(s, n, &a) == 0) {
        if (!utf8_valid(buf_cstr(&a), a.len))
            abort();
        if (fold_text(buf_cstr(&a), a.len, &b) == 0 && fold_text(buf_cstr(&b), b.len, &a) == 0 &&
            strcmp(buf_cstr(&a), buf_cstr(&b)) != 0)
            abort();
    }
    buf_fini(&a);
    buf_fini(&b);
}

static void check_phone(const char *s, size_t n)
{
    char e164[PHONE_MAX], mask[PHONE_MAX];
    struct err e;

    if (phone_normalise(s, n, e164, &e) == 0) {
        if (!phone_is_e164(e164, strlen(e164)))
            abort();
        phone_mask(e164, mask);
        if (strlen(mask) >= PHONE_MAX || strstr(mask, e164 + 3))
            abort();
    } else if (!utf8_valid(e.msg, strlen(e.msg))) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct intent_words *words;
    struct intent_ctx plain = {.activities = ACTIVITIES, .n_activities = 2, .open = YES, .registered = YES},
                      busy = plain;
    struct intent o;

    if (!words)
        words = intent_words_new();
    intent_parse(words, &plain, (const char *)data, n, &o);
    check(&o, false);
    busy.asked = "bb";
    busy.offered = OFFERED;
    busy.n_offered = 2;
    busy.rollcall_open = true;
    intent_parse(words, &busy, (const char *)data, n, &o);
    check(&o, true);
    json_t *j = intent_json(&o, &busy);
    if (!j)
        abort();
    json_decref(j);
    check_fold((const char *)data, n);
    check_phone((const char *)data, n);
    return 0;
}
