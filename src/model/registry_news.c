/* News of an activity: it moved, it does not take place, it begins soon. */
#include <string.h>

#include "model/registry.h"
#include "model/registry_int.h"

/* Time and place, or the one of them that is wanted. */
static const char *time_and_place(struct registry_part *p, enum registry_lang l, const char *tz,
                                  const struct activity *a, bool time, bool place)
{
    struct registry_part starts;
    struct registry_values v = {.n = 0};
    bool has_place = place && a->place[0] != '\0';

    registry_put_str(&v, "starts", registry_moment(&starts, l, tz, a->starts_at));
    registry_put_str(&v, "where", a->place);
    const char *s = registry_part_fill(p, l,
                                       !time       ? TEXT_AT_WHERE
                                       : has_place ? TEXT_AT_WHEN_WHERE
                                                   : TEXT_AT_WHEN,
                                       &v);
    buf_fini(&starts.b);
    return s;
}

bool registry_is_moved(const struct activity *before, const struct activity *now)
{
    return before->starts_at != now->starts_at || strcmp(before->place, now->place) != 0;
}

int registry_say_moved(struct buf *out, const char *lang, const char *tz, const struct activity *before,
                       const struct activity *now)
{
    enum registry_lang l = registry_lang_of(lang);
    struct registry_part part[2];
    struct registry_values v = {.n = 0};
    const char *was = time_and_place(&part[0], l, tz, before, before->starts_at != now->starts_at,
                                     strcmp(before->place, now->place) != 0);

    registry_put_str(&v, "title", now->title);
    registry_put_str(&v, "was", was);
    registry_put_str(&v, "now", time_and_place(&part[1], l, tz, now, true, true));
    int rc = registry_fill(out, l, was[0] != '\0' ? TEXT_MOVED : TEXT_MOVED_FROM_NOWHERE, &v);
    for (size_t i = 0; i < 2; i++)
        buf_fini(&part[i].b);
    return rc;
}

int registry_say_off(struct buf *out, const char *lang, const char *tz, const struct activity *a,
                     const char *because)
{
    enum registry_lang l = registry_lang_of(lang);
    struct registry_part part;
    struct registry_values v = {.n = 0};

    registry_put_str(&v, "title", a->title);
    registry_put_str(&v, "because", because);
    registry_put_str(&v, "was", time_and_place(&part, l, tz, a, true, true));
    int rc = registry_fill(out, l, because[0] != '\0' ? TEXT_OFF_BECAUSE : TEXT_OFF, &v);
    buf_fini(&part.b);
    return rc;
}

int registry_say_reminder(struct buf *out, const char *lang, const char *tz, const struct activity *a)
{
    enum registry_lang l = registry_lang_of(lang);
    struct registry_part part, map;
    struct registry_values v = {.n = 0}, link = {.n = 0};

    registry_put_str(&link, "map", a->map);
    registry_put_str(&v, "title", a->title);
    registry_put_str(&v, "now", time_and_place(&part, l, tz, a, true, true));
    const char *where = registry_part_fill(&map, l, TEXT_MAP, &link);
    registry_put_str(&v, "map", a->map[0] != '\0' ? where : "");
    int rc = registry_fill(out, l, TEXT_REMINDER, &v);
    buf_fini(&part.b);
    buf_fini(&map.b);
    return rc;
}
