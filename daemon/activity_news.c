#include "daemon/activity_news.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/notice.h"

/* What staff wrote is no template. */
static json_t *plain(const struct buf *text)
{
    struct buf out = BUF_INIT(2 * ACTIVITY_NEWS_TEXT);
    json_t *o;

    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == '{' && i + 1 < text->len && text->data[i + 1] == '{') {
            buf_str(&out, "\\{{");
            i++;
        } else
            buf_chr(&out, text->data[i]);
    }
    o = json_stringn(buf_cstr(&out), out.len);
    buf_fini(&out);
    return o;
}

static json_t *text_in(activity_news_say_fn say, const void *arg, const char *lang)
{
    struct buf text = BUF_INIT(ACTIVITY_NEWS_TEXT);
    json_t *o;

    if (say(arg, &text, lang) != 0)
        panic("the news of an activity does not fit");
    o = plain(&text);
    buf_fini(&text);
    return o;
}

/* Codes may be Chinese, ids not. */
void activity_news_id(char *out, size_t n, const char *what, const char *code, int64_t a, int64_t b)
{
    uint64_t h = 14695981039346656037u;
    char name[ACTIVITY_CODE_MAX + 1], tail[24] = "";

    for (const char *p = code; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    if (notice_id_valid(code, strlen(code)))
        snprintf(name, sizeof(name), "%s", code);
    else
        snprintf(name, sizeof(name), "%016" PRIx64, h);
    if (b >= 0)
        snprintf(tail, sizeof(tail), "-%" PRId64, b);
    snprintf(out, n, "%s-%s-%" PRId64 "%s", what, name, a, tail);
}

json_t *activity_news_make(const char *id, const struct activity *a, json_t *statuses, int64_t not_after,
                           const char *tz, activity_news_say_fn say, const void *arg)
{
    char at[40];

    return json_pack("{s:i,s:s,s:s,s:{s:s,s:o},s:{s:o,s:o},s:s}", "v", 1, "id", id, "kind", "notice", "to",
                     "activity", a->code, "status", statuses, "text", "zh-CN", text_in(say, arg, "zh-CN"),
                     "en", text_in(say, arg, "en"), "not_after",
                     clock_format_iso(not_after, tz, at, sizeof(at)));
}
