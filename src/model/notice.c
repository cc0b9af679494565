#include "model/notice.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

static const char *const lane_names[LANE_N] = {"emergency", "urgent", "normal", "bulk"};
static const char *const kind_names[] = {"notice", "promotion", "alert", "cancel", "allclear", "answer"};
static const char *const notice_state_names[NOTICE_STATE_N] = {
    "staging", "awaiting-approval", "scheduled", "running", "paused", "auditing",
    "done",    "cancelled",         "expired",   "rejected"};
static const char *const recipient_state_names[RECIPIENT_STATE_N] = {
    "pending",   "sending", "accepted",   "delivered", "retry",  "failed",
    "exhausted", "unknown", "suppressed", "cancelled", "expired"};

static int find(const char *const *names, size_t n, const char *s)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], s) == 0)
            return (int)i;
    return -1;
}

static const char *name_of(const char *const *names, size_t n, unsigned i)
{
    return i < n ? names[i] : "?";
}

const char *lane_name(enum lane l)
{
    return name_of(lane_names, LANE_N, l);
}

int lane_parse(const char *s)
{
    return find(lane_names, LANE_N, s);
}

const char *notice_kind_name(enum notice_kind k)
{
    return name_of(kind_names, ARRAY_LEN(kind_names), k);
}

int notice_kind_parse(const char *s)
{
    return find(kind_names, ARRAY_LEN(kind_names), s);
}

const char *notice_state_name(enum notice_state s)
{
    return name_of(notice_state_names, NOTICE_STATE_N, s);
}

int notice_state_parse(const char *s)
{
    return find(notice_state_names, NOTICE_STATE_N, s);
}

bool notice_state_is_final(enum notice_state s)
{
    return s == NOTICE_DONE || s == NOTICE_CANCELLED || s == NOTICE_EXPIRED || s == NOTICE_REJECTED;
}

const char *recipient_state_name(enum recipient_state s)
{
    return name_of(recipient_state_names, RECIPIENT_STATE_N, s);
}

int recipient_state_parse(const char *s)
{
    return find(recipient_state_names, RECIPIENT_STATE_N, s);
}

bool recipient_state_is_final(enum recipient_state s)
{
    return s != RECIPIENT_PENDING && s != RECIPIENT_SENDING && s != RECIPIENT_RETRY;
}

struct notice *notice_new(void)
{
    struct notice *n = xcalloc(1, sizeof(*n));

    n->lane = LANE_NORMAL;
    return n;
}

static void alert_fini(struct notice_alert *a)
{
    free(a->issuer);
    free(a->event);
    free(a->level);
    free(a->official_id);
    free(a->official_text);
    free(a->advice);
    free(a->supersedes);
}

void notice_free(struct notice *n)
{
    if (n == NULL)
        return;
    for (size_t i = 0; i < n->n_texts; i++)
        free(n->texts[i].text);
    for (size_t i = 0; i < n->n_vars; i++) {
        free(n->vars[i].name);
        free(n->vars[i].value);
    }
    for (size_t i = 0; i < n->n_channels; i++)
        free(n->channels[i]);
    free(n->texts);
    free(n->vars);
    for (size_t i = 0; i < n->n_choices; i++)
        free(n->choices[i]);
    free(n->choices);
    free(n->channels);
    free(n->asked);
    alert_fini(&n->alert);
    audience_free(n->to);
    repeat_free(n->repeat);
    free(n);
}

bool notice_id_valid(const char *s, size_t n)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

    if (n == 0 || n > NOTICE_ID_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if (s[i] == '\0' || strchr(allowed, s[i]) == NULL)
            return false;
    return true;
}

/* "zh-CN" and "zh" are the same primary language. */
static bool same_primary(const char *a, const char *b)
{
    size_t n = strcspn(a, "-_");

    return n == strcspn(b, "-_") && n != 0 && strncasecmp(a, b, n) == 0;
}

const char *notice_text_for(const struct notice *n, const char *lang)
{
    const char *wanted[] = {lang != NULL ? lang : "", "", "zh-CN"};

    for (size_t k = 0; k < ARRAY_LEN(wanted); k++) {
        for (size_t i = 0; i < n->n_texts; i++)
            if (strcasecmp(n->texts[i].lang, wanted[k]) == 0)
                return n->texts[i].text;
        for (size_t i = 0; i < n->n_texts; i++)
            if (same_primary(n->texts[i].lang, wanted[k]))
                return n->texts[i].text;
    }
    return n->n_texts != 0 ? n->texts[0].text : NULL;
}
