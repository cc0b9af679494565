/* Answers to those who sign in by text. */
#include "model/registry.h"
#include "model/registry_int.h"

static const enum registry_text_id TEXTS[] = {
    [REG_SIGN_OK] = TEXT_SIGNED_IN,         [REG_SIGN_ALREADY] = TEXT_SIGNED_ALREADY,
    [REG_SIGN_NO_SEAT] = TEXT_SIGN_NO_SEAT, [REG_SIGN_WRONG] = TEXT_SIGN_WRONG,
    [REG_SIGN_NOT_NOW] = TEXT_SIGN_NOT_NOW,
};

int registry_say_signin(struct buf *out, const char *lang, const char *tz, const struct activity *a,
                        const struct registry_signin *s)
{
    enum registry_lang l = registry_lang_of(lang);
    struct registry_part part[2];
    struct registry_values v = {.n = 0};

    registry_put_str(&v, "title", a->title);
    registry_put_num(&v, "count", s->count);
    registry_put_str(&v, "opens", registry_moment(&part[0], l, tz, s->opens_at));
    registry_put_str(&v, "closes", registry_moment(&part[1], l, tz, s->closes_at));
    int rc = registry_fill(out, l, TEXTS[s->result], &v);
    buf_fini(&part[0].b);
    buf_fini(&part[1].b);
    return rc;
}
