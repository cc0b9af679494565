/* Answers to those whom an activity is not for. */
#include "model/registry.h"
#include "model/registry_int.h"

/* "老人、志愿者": whom it is for. */
static const char *whom(struct registry_part *p, enum registry_lang lang, const struct activity *a)
{
    struct buf tags = BUF_INIT(REGISTRY_PART_MAX);
    struct registry_values v = {.n = 0};
    const char *s;

    for (size_t i = 0; i < a->n_tags; i++) {
        buf_str(&tags, i > 0 ? registry_texts[TEXT_TITLE_SEPARATOR][lang] : "");
        buf_str(&tags, a->tags[i]);
    }
    registry_put_str(&v, "tags", buf_cstr(&tags));
    if (a->n_areas > 0)
        s = registry_part_fill(p, lang, a->n_tags > 0 ? TEXT_FOR_TAGS_AREAS : TEXT_FOR_AREAS, &v);
    else {
        p->b = BUF_INIT(REGISTRY_PART_MAX);
        s = buf_str(&p->b, buf_cstr(&tags)) == 0 ? buf_cstr(&p->b) : "";
    }
    buf_fini(&tags);
    return s;
}

int registry_say_not_eligible(struct buf *out, const char *lang, const struct activity *a)
{
    enum registry_lang l = registry_lang_of(lang);
    struct registry_part part;
    struct registry_values v = {.n = 0};

    registry_put_str(&v, "title", a->title);
    registry_put_str(&v, "whom", whom(&part, l, a));
    int rc = registry_fill(out, l, TEXT_NOT_ELIGIBLE, &v);
    buf_fini(&part.b);
    return rc;
}
