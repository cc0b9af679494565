/* notice_complete: what the producer left open, and what must hold. Part of notice.h.
 *
 * Idempotent: a notice that was completed once and stored is completed again without change. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "model/notice.h"
#include "model/resident.h"
#include "text/tmpl.h"

#define LIFE_MS (12 * 3600 * 1000LL) /* contract 3: not_after by default */
#define BEIJING_MS                                                                                           \
    (8 * 3600 * 1000LL) /* official warnings name Beijing time; a machine may have no data of that zone */

static bool is_severe(const struct notice_alert *a)
{
    return a->level != NULL && (strcmp(a->level, "orange") == 0 || strcmp(a->level, "red") == 0);
}

static enum lane default_lane(const struct notice *n)
{
    switch (n->kind) {
    case NOTICE_ALERT:
        return is_severe(&n->alert) ? LANE_EMERGENCY : LANE_URGENT;
    case NOTICE_ALLCLEAR:
        return LANE_URGENT;
    case NOTICE_PROMOTION:
        return LANE_BULK;
    case NOTICE_NOTICE:
    case NOTICE_CANCEL:
    case NOTICE_ANSWER:
        break;
    }
    return LANE_NORMAL;
}

/* All that is missing at once: who writes a warning in a hurry corrects it once. The field is the first of them. */
static int check_alert(const struct notice *n, struct err *e)
{
    const struct notice_alert *a = &n->alert;
    const struct {
        bool missing;
        const char *field, *what;
    } rows[] = {
        {a->issuer == NULL || a->issuer[0] == '\0', "alert.issuer",    "who issued it (issuer)"        },
        {a->issued_at == 0,                         "alert.issued_at", "when it was issued (issued_at)"},
        {a->expires_at == 0 && n->not_after == 0,   "alert.expires",
         "until when it holds (expires, or not_after)"                                                 },
    };
    struct buf all = BUF_INIT(300);
    const char *first = NULL;
    int rc = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!rows[i].missing)
            continue;
        buf_fmt(&all, "%s%s", first != NULL ? "; " : "", rows[i].what);
        first = first != NULL ? first : rows[i].field;
    }
    if (first != NULL)
        rc = err_set(e, "alert-incomplete", first, "an alert must say %s", buf_cstr(&all));
    buf_fini(&all);
    return rc;
}

static int complete_alert(const struct notice *n, struct err *e)
{
    const struct notice_alert *a = &n->alert;

    if (n->kind != NOTICE_ALERT) {
        if (a->present && n->kind != NOTICE_ALLCLEAR)
            return err_set(e, "unexpected-member", "alert",
                           "only a notice of kind alert or allclear carries \"alert\"");
        return 0;
    }
    if (!a->present)
        return err_set(e, "alert-incomplete", "alert",
                       "an alert needs \"alert\" with issuer, issued_at and expires");
    return check_alert(n, e);
}

/* Named by what the producer said; ${said} is its not_after. */
static int too_late(int64_t said, int64_t expires, int64_t now_at, struct err *e)
{
    if (said != 0 && said <= now_at)
        return err_set(e, "not-after-passed", "not_after",
                       "the time after which this must not be sent has passed already");
    if (expires != 0)
        return err_set(e, "not-after-passed", "alert.expires", "the warning has expired already");
    return err_set(e, "not-after-passed", "send_at",
                   "send_at is more than twelve hours ago: too late to send this");
}

static int complete_times(struct notice *n, int64_t now_at, struct err *e)
{
    int64_t start = n->send_at > 0 ? n->send_at : now_at;
    int64_t expires = n->kind == NOTICE_ALERT ? n->alert.expires_at : 0;
    int64_t said = n->not_after;

    if (n->kind == NOTICE_CANCEL && n->not_after == 0)
        n->not_after = now_at + LIFE_MS;
    if (n->not_after == 0)
        n->not_after = expires != 0 ? expires : start + LIFE_MS;
    if (expires != 0 && n->not_after > expires)
        n->not_after = expires; /* an expired warning is never sent, whatever the producer says */
    if (n->send_at != 0 && n->not_after <= n->send_at)
        return err_set(e, "bad-time", "not_after", "not_after must be later than send_at");
    if (n->not_after <= now_at)
        return too_late(said, expires, now_at, e);
    return 0;
}

/* Official words come verbatim: braces in them are no template. */
static void add_verbatim(struct buf *out, const char *s)
{
    for (const char *p; (p = strstr(s, "{{")) != NULL; s = p + 2) {
        buf_add(out, s, (size_t)(p - s));
        buf_str(out, "\\{{");
    }
    buf_str(out, s);
}

/* Does the text name the minute of issue, in one of the forms that observatories use? */
static bool names_time(const char *text, const struct clock_local *t)
{
    static const struct {
        int hour_width, minute_width;
        const char *between, *after;
    } forms[] = {
        {2, 2, "时", "分"},
        {1, 2, "时", "分"},
        {1, 1, "时", "分"},
        {2, 2, ":",   ""   },
        {2, 2, "：", ""   }
    };
    bool found = false;

    for (size_t i = 0; i < ARRAY_LEN(forms) && !found; i++) {
        struct buf b = BUF_INIT(64);

        buf_fmt(&b, "%0*d%s%0*d%s", forms[i].hour_width, t->hour, forms[i].between, forms[i].minute_width,
                t->minute, forms[i].after);
        found = strstr(text, buf_cstr(&b)) != NULL;
        buf_fini(&b);
    }
    return found;
}

/* Official text as it is, who issued it and when unless it says so itself, then the community's own advice, marked as such. */
static void compose_alert(struct notice *n)
{
    const struct notice_alert *a = &n->alert;
    struct clock_local t;
    struct buf b = BUF_INIT(64 * 1024);

    clock_local(a->issued_at + BEIJING_MS, "UTC", &t);
    add_verbatim(&b, a->official_text);
    if (strstr(a->official_text, a->issuer) == NULL || !names_time(a->official_text, &t)) {
        buf_str(&b, "【");
        add_verbatim(&b, a->issuer);
        buf_fmt(&b, " %04d年%02d月%02d日%02d时%02d分】", t.year, t.month, t.day, t.hour, t.minute);
    }
    if (a->advice != NULL && a->advice[0] != '\0') {
        buf_str(&b, "【社区提示】");
        add_verbatim(&b, a->advice);
    }
    n->texts = xcalloc(1, sizeof(*n->texts));
    n->texts[0].text = buf_take(&b);
    n->n_texts = 1;
}

/* Every text of an exercise says so first. */
static void mark_exercise(struct notice *n)
{
    static const char mark[] = "【演练】";

    for (size_t i = 0; i < n->n_texts; i++) {
        char *old = n->texts[i].text;

        if (strncmp(old, mark, sizeof(mark) - 1) == 0)
            continue;
        n->texts[i].text = xasprintf("%s%s", mark, old);
        free(old);
    }
}

static bool has_var(const struct notice *n, const char *name)
{
    for (size_t i = 0; i < n->n_vars; i++)
        if (strcmp(n->vars[i].name, name) == 0)
            return true;
    return false;
}

/* What is written for everybody, and nothing for what only residents of whom more is known have. */
static const char *on_stranger(void *arg, const char *name, size_t *n)
{
    const struct notice *notice = arg;

    *n = 0;
    for (size_t i = 0; i < notice->n_vars; i++)
        if (strcmp(notice->vars[i].name, name) == 0)
            *n = notice->vars[i].value[0] != '\0' ? 1 : 0;
    return *n != 0 ? "x" : NULL;
}

static int check_stranger(const struct notice *n, const struct tmpl *t, struct err *e)
{
    struct buf out = BUF_INIT(2 * NOTICE_TEXT_MAX);
    const char *text;
    int rc = 0;

    if (tmpl_n_names(t) > 0 && tmpl_render(t, on_stranger, (void *)(uintptr_t)n, &out) == 0) {
        text = buf_cstr(&out);
        if (text[strspn(text, " \t\r\n")] == '\0')
            rc = err_set(e, "no-text", "text",
                         "nothing is left of the text for whom {{%s}} is not known of; say what stands for "
                         "it: {{%s|...}}",
                         tmpl_name(t, 0), tmpl_name(t, 0));
    }
    buf_fini(&out);
    return rc;
}

static int check_text(const struct notice *n, const struct notice_text *text, struct err *e)
{
    size_t len = strlen(text->text);
    struct tmpl *t;
    int rc = 0;

    if (text->text[strspn(text->text, " \t\r\n")] == '\0')
        return err_set(e, "no-text", "text", "the text is empty");
    if (len > NOTICE_TEXT_MAX)
        return err_set(e, "text-too-long", "text", "the text has %zu bytes; at most %d are allowed", len,
                       NOTICE_TEXT_MAX);
    t = tmpl_compile(text->text, len, e);
    if (t == NULL)
        return -1;
    for (size_t i = 0; i < tmpl_n_names(t) && rc == 0; i++)
        if (!has_var(n, tmpl_name(t, i)) && !resident_is_var(tmpl_name(t, i)))
            rc = err_set(e, "unknown-variable", "text",
                         "the text uses {{%s}}, which neither \"vars\" nor residents have", tmpl_name(t, i));
    if (rc == 0)
        rc = check_stranger(n, t, e);
    tmpl_free(t);
    return rc;
}

static int complete_texts(struct notice *n, struct err *e)
{
    if (n->n_texts == 0 && n->template_name[0] == '\0' && n->alert.official_text != NULL &&
        n->alert.issuer != NULL && n->alert.issued_at != 0)
        compose_alert(n);
    if (n->alert.exercise)
        mark_exercise(n);
    if (n->n_texts == 0 && n->template_name[0] != '\0')
        return err_set(e, "unknown-template", "template", "there is no template named \"%s\"",
                       n->template_name);
    if (n->n_texts == 0)
        return err_set(e, "no-text", "text",
                       "there is nothing to send: text, template or alert.official_text is needed");
    for (size_t i = 0; i < n->n_texts; i++)
        if (check_text(n, &n->texts[i], e) != 0)
            return -1;
    return 0;
}

static int complete_audience(struct notice *n, struct err *e)
{
    if (n->to == NULL && n->kind == NOTICE_ALLCLEAR)
        n->to = audience_new_told(n->cancels);
    if (n->to == NULL && n->kind != NOTICE_ANSWER)
        return err_set(e, "bad-audience", "to", "\"to\" is missing: who is to get this?");
    return 0;
}

int notice_complete(struct notice *n, int64_t now_at, struct err *e)
{
    if (!n->lane_set)
        n->lane = default_lane(n);
    if (!n->on_unknown_set)
        n->on_unknown = n->lane <= LANE_URGENT ? ON_UNKNOWN_RESEND : ON_UNKNOWN_PARK;
    n->lane_set = n->on_unknown_set = true;
    if ((n->kind == NOTICE_CANCEL || n->kind == NOTICE_ALLCLEAR) && n->cancels[0] == '\0')
        return err_set(e, "no-cancels", "cancels", "\"cancels\" must name the notice that is meant");
    if (complete_alert(n, e) != 0 || complete_times(n, now_at, e) != 0)
        return -1;
    if (n->kind == NOTICE_CANCEL)
        return 0;
    if (complete_audience(n, e) != 0)
        return -1;
    return complete_texts(n, e);
}
