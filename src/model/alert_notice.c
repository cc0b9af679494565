#include "model/alert_notice.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#define ZONE           "Asia/Shanghai" /* official warnings name Beijing time */
#define WORD_MAX       200             /* bytes of issuer, event, official id */
#define OFFICIAL_MAX   (NOTICE_TEXT_MAX / 2)
#define SUPERSEDES_MAX 32

/* "cap-202509230906-0123456789abcdef": when it was sent, and FNV-1a over its key. */
static json_t *id_of(const struct cap_alert *a, const char *action)
{
    char *key = xasprintf("%s,%s,%lld,%s", a->sender, a->identifier, (long long)a->sent_at, action);
    uint64_t hash = 14695981039346656037ULL;
    struct clock_local t;

    for (const char *p = key; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211ULL;
    free(key);
    clock_local(a->sent_at, ZONE, &t);
    return json_sprintf("cap-%04d%02d%02d%02d%02d-%016llx", t.year, t.month, t.day, t.hour, t.minute,
                        (unsigned long long)hash);
}

static json_t *time_json(int64_t at)
{
    char s[40];

    return json_string(clock_format_iso(at, ZONE, s, sizeof(s)));
}

static bool is_said(const char *s)
{
    return s != NULL && s[0] != '\0';
}

/* Title and weather, unless the weather's text begins with the title; the title alone when both are too long. NULL: the message has no words. */
static char *official_words(const struct cap_info *i)
{
    const char *title = i != NULL && is_said(i->headline) ? i->headline : NULL,
               *text = i != NULL && is_said(i->description) ? i->description : NULL;

    if (title == NULL)
        return text != NULL ? xstrdup(text) : NULL;
    if (text == NULL || strlen(title) + strlen(text) + strlen("：") > OFFICIAL_MAX)
        return xstrdup(title);
    if (strncmp(text, title, strlen(title)) == 0)
        return xstrdup(text);
    return xasprintf("%s：%s", title, text);
}

static const char *issuer_of(const struct warning *w)
{
    bool said = w->info != NULL && is_said(w->info->sender_name) && strlen(w->info->sender_name) <= WORD_MAX;

    return said ? w->info->sender_name : w->cap->sender;
}

static void put_word(json_t *o, const char *name, const char *s)
{
    if (is_said(s) && strlen(s) <= WORD_MAX)
        json_object_set_new(o, name, json_string(s));
}

/* Everyone, unless it names only some of our places. */
static json_t *audience_of(const struct warning *w, const struct area_set *watched)
{
    json_t *areas = json_array();
    const char *s = w->areas;

    while (*s != '\0') {
        size_t n = strcspn(s, ",");
        json_array_append_new(areas, json_stringn(s, n));
        s += n + (s[n] == ',');
    }
    if (json_array_size(areas) < watched->n)
        return json_pack("{s:o}", "areas", areas);
    json_decref(areas);
    return json_pack("{s:b}", "everyone", 1);
}

static json_t *supersedes_of(const struct alert_known *k)
{
    json_t *list = json_array();
    size_t from = k != NULL && k->n_notices > SUPERSEDES_MAX ? k->n_notices - SUPERSEDES_MAX : 0;

    for (size_t i = from; k != NULL && i < k->n_notices; i++)
        json_array_append_new(list, json_string(k->notices[i]));
    return list;
}

/* What both kinds carry: whose words, of when. */
static json_t *official(const struct warning *w, char *words)
{
    json_t *o = json_pack("{s:o}", "issued_at", time_json(w->cap->sent_at));

    put_word(o, "issuer", issuer_of(w));
    put_word(o, "event", w->event);
    put_word(o, "official_id", w->cap->identifier);
    if (words != NULL)
        json_object_set_new(o, "official_text", json_string(words));
    free(words);
    return o;
}

static json_t *warning_notice(const struct alert_known *k, const struct warning *w,
                              const struct alert_verdict *v, const struct area_set *watched)
{
    json_t *alert = official(w, official_words(w->info)), *o;

    if (w->level.scale == ALERT_SCALE_SIGNAL)
        json_object_set_new(alert, "level", json_string(alert_colour_name(w->level.grade)));
    json_object_set_new(alert, "expires", time_json(w->expires_at));
    json_object_set_new(alert, "supersedes", supersedes_of(k));
    o = json_pack("{s:i,s:o,s:s,s:s,s:o,s:o,s:o}", "v", 1, "id", id_of(w->cap, v->action), "kind", "alert",
                  "lane", lane_name(alert_level_lane(w->level)), "to", audience_of(w, watched), "not_after",
                  time_json(w->expires_at), "alert", alert);
    return o;
}

/* Braces in somebody's words are no template. */
static void add_verbatim(struct buf *b, const char *s)
{
    for (const char *p; (p = strstr(s, "{{")) != NULL; s = p + 2) {
        buf_add(b, s, (size_t)(p - s));
        buf_str(b, "\\{{");
    }
    buf_str(b, s);
}

/* Our own words, where the message brings none that tell the end. */
static char *own_words(const struct alert_known *k, const struct warning *w)
{
    struct buf b = BUF_INIT(NOTICE_TEXT_MAX);
    struct clock_local t;

    clock_local(w->cap->sent_at, ZONE, &t);
    buf_str(&b, "【");
    add_verbatim(&b, k->issuer);
    buf_fmt(&b, " %d月%d日%02d时%02d分】", t.month, t.day, t.hour, t.minute);
    add_verbatim(&b, k->title[0] != '\0' ? k->title : "此前发布的预警");
    buf_str(&b, cap_ends(w->cap) ? " 已解除。" : " 已更新，不再涉及本社区。");
    return buf_take(&b);
}

/* To everybody who was told by any of its notices. */
static json_t *allclear_notice(const struct alert_known *k, const struct warning *w,
                               const struct alert_verdict *v)
{
    char *words = cap_ends(w->cap) ? official_words(w->info) : NULL,
         *own = words == NULL ? own_words(k, w) : NULL;
    struct buf told = BUF_INIT(65536);
    json_t *o;

    for (size_t i = 0; i < k->n_notices; i++)
        buf_fmt(&told, "%s%s", i > 0 ? " " : "", k->notices[i]);
    o = json_pack("{s:i,s:o,s:s,s:s,s:{s:s},s:o}", "v", 1, "id", id_of(w->cap, v->action), "kind", "allclear",
                  "cancels", k->notices[k->n_notices - 1], "to", "told", buf_cstr(&told), "alert",
                  official(w, words));
    if (own != NULL)
        json_object_set_new(o, "text", json_string(own));
    buf_fini(&told);
    free(own);
    return o;
}

json_t *alert_notice(const struct alert_book *b, const struct warning *w, const struct alert_verdict *v,
                     const struct area_set *watched)
{
    const struct alert_known *k = alert_book_event(b, v->root);

    if (v->decision == ALERT_END)
        return k != NULL && k->n_notices > 0 ? allclear_notice(k, w, v) : NULL;
    return warning_notice(k, w, v, watched);
}
