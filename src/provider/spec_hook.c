/* [auth], [receipt], [status], [codes], [reply]: how callbacks are believed and read. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "provider/spec_int.h"

/* ---- [auth] ---- */

/* The " == " outside 'texts'. */
static const char *middle(const char *s)
{
    bool inside = false;

    for (; *s != '\0'; s++) {
        if (inside && *s == '\\' && s[1] != '\0')
            s++;
        else if (*s == '\'')
            inside = !inside;
        else if (!inside && strncmp(s, " == ", 4) == 0)
            return s;
    }
    return NULL;
}

static int read_equal(const struct spec_source *src, struct spec *s, const struct spec_entry *e)
{
    const char *at = middle(e->value);
    struct spec_equal *to;

    if (at == NULL)
        return spec_fail(src, e->line, "check \"%.60s\"; allowed: EXPRESSION == EXPRESSION", e->value);
    s->equals = xrealloc(s->equals, (s->n_equals + 1) * sizeof(*s->equals));
    to = &s->equals[s->n_equals++];
    to->right = NULL;
    to->left = spec_expression(src, s, e->value, (size_t)(at - e->value), e->line, AT_HOOK);
    if (to->left != NULL)
        to->right = spec_expression(src, s, at + 4, strlen(at + 4), e->line, AT_HOOK);
    return to->right != NULL ? 0 : -1;
}

static int read_auth(const struct spec_source *src, struct spec *s)
{
    static const char *const keys[] = {"check+", "time", "skew", NULL};
    const struct spec_section *in = spec_section(src, "auth");
    const struct spec_entry *time = spec_entry(src, "auth", "time"), *skew = spec_entry(src, "auth", "skew");
    int64_t seconds = 300;

    if (spec_keys(src, "auth", keys) != 0)
        return -1;
    for (size_t i = 0; in != NULL && i < in->n; i++)
        if (strcmp(in->entries[i].key, "check") == 0 && read_equal(src, s, &in->entries[i]) != 0)
            return -1;
    if (in != NULL && s->n_equals == 0)
        return spec_fail(src, in->line,
                         "no entry check in [auth]; allowed: check = EXPRESSION == EXPRESSION");
    if (skew != NULL && (time == NULL || num_i64(skew->value, 1, 86400, &seconds) != 0))
        return spec_fail(src, skew->line, "skew \"%.20s\"; allowed: 1 to 86400 seconds, beside time",
                         skew->value);
    s->skew_ms = seconds * 1000;
    if (time != NULL) {
        s->auth_time = spec_expression(src, s, time->value, strlen(time->value), time->line, AT_HOOK);
        return s->auth_time != NULL ? 0 : -1;
    }
    return 0;
}

/* ---- [status], [codes] ---- */

static int state_of(const char *word, enum recipient_state *out)
{
    static const struct {
        const char *word;
        enum recipient_state state;
    } words[] = {
        {"delivered", RECIPIENT_DELIVERED},
        {"failed",    RECIPIENT_FAILED   },
        {"pending",   RECIPIENT_PENDING  },
    };

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(words[i].word, word) == 0) {
            *out = words[i].state;
            return 0;
        }
    return -1;
}

static int read_status(const struct spec_source *src, const struct spec_entry *e, struct spec_hook *h)
{
    struct spec_pattern *patterns;
    enum recipient_state state;
    size_t n;

    if (state_of(e->value, &state) != 0)
        return spec_fail(src, e->line, "\"%.40s\"; allowed: delivered, failed, pending", e->value);
    if (spec_patterns_parse(src, e, &patterns, &n) != 0)
        return -1;
    h->statuses = xrealloc(h->statuses, (h->n_statuses + n) * sizeof(*h->statuses));
    for (size_t i = 0; i < n; i++)
        h->statuses[h->n_statuses++] = (struct spec_status){.pattern = patterns[i], .state = state};
    free(patterns);
    return 0;
}

static int read_tables(const struct spec_source *src, struct spec_hook *h)
{
    const struct spec_section *status = spec_section(src, "status"), *codes = spec_section(src, "codes");

    for (size_t i = 0; status != NULL && i < status->n; i++)
        if (read_status(src, &status->entries[i], h) != 0)
            return -1;
    for (size_t i = 0; codes != NULL && i < codes->n; i++)
        if (spec_classes_parse(src, &codes->entries[i], &h->codes) != 0)
            return -1;
    return 0;
}

/* ---- [receipt], [reply] ---- */

static int read_dedupe(const struct spec_source *src, const char *section, struct spec_hook *h)
{
    const struct spec_entry *e = spec_entry(src, section, "dedupe");

    for (const char *s = e != NULL ? e->value : NULL; s != NULL;) {
        const char *comma = strchr(s, ',');
        struct spec_entry one = {.line = e->line};
        int rc;

        one.value = xstrndup(s, comma != NULL ? (size_t)(comma - s) : strlen(s));
        h->dedupe = xrealloc(h->dedupe, (h->n_dedupe + 1) * sizeof(*h->dedupe));
        h->dedupe[h->n_dedupe] = (struct spec_pick){.paths = NULL};
        rc = spec_pick_parse(src, &one, &h->dedupe[h->n_dedupe++]);
        free(one.value);
        if (rc != 0)
            return -1;
        s = comma != NULL ? comma + 1 : NULL;
    }
    return 0;
}

static bool is_time_format(const char *f)
{
    if (strcmp(f, "unix") == 0 || strcmp(f, "unix_ms") == 0 || strcmp(f, "iso") == 0)
        return true;
    return strchr(f, '%') != NULL && spec_time_format_check(f) == 0;
}

/* A literal: answers may outlive the description. */
static int read_ack_type(const struct spec_source *src, const char *section, struct spec_hook *h)
{
    static const char *const types[] = {"text/plain", "application/json", "text/xml", "text/html"};
    const struct spec_entry *e = spec_entry(src, section, "ack_type");

    h->ack_type = types[0];
    for (size_t i = 0; e != NULL && i < ARRAY_LEN(types); i++)
        if (strcmp(types[i], e->value) == 0) {
            h->ack_type = types[i];
            return 0;
        }
    if (e == NULL)
        return 0;
    return spec_fail(src, e->line,
                     "ack_type \"%.40s\"; allowed: text/plain, application/json, text/xml, text/html",
                     e->value);
}

static int read_ways(const struct spec_source *src, const char *section, struct spec_hook *h)
{
    const struct spec_entry *method = spec_entry(src, section, "method"),
                            *kind = spec_entry(src, section, "kind"),
                            *time = spec_entry(src, section, "time_format"),
                            *items = spec_entry(src, section, "items"),
                            *unwrap = spec_entry(src, section, "unwrap");

    h->kind = spec_text(src, section, "kind", section);
    if (kind != NULL && (kind->value[strspn(kind->value, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0' ||
                         kind->value[0] == '\0'))
        return spec_fail(src, kind->line, "kind \"%.40s\"; allowed: a-z, 0-9, -", kind->value);
    if (method != NULL && strcmp(method->value, "GET") != 0 && strcmp(method->value, "POST") != 0)
        return spec_fail(src, method->line, "method \"%.40s\"; allowed: GET, POST", method->value);
    if (time != NULL && !is_time_format(time->value))
        return spec_fail(
            src, time->line,
            "time_format \"%.40s\"; allowed: unix, unix_ms, iso, or one of %%Y %%m %%d %%H %%M %%S",
            time->value);
    if (unwrap != NULL && spec_is_tree(h->format))
        return spec_fail(src, unwrap->line,
                         "unwrap of a JSON or XML body; allowed with format = form or query");
    if (items != NULL && (items->value[0] != '/' || (!spec_is_tree(h->format) && unwrap == NULL)))
        return spec_fail(src, items->line, "items \"%.40s\"; allowed: the /path of a list in JSON or XML",
                         items->value);
    h->method = spec_text(src, section, "method", NULL);
    h->unwrap = spec_text(src, section, "unwrap", NULL);
    h->items = spec_text(src, section, "items", NULL);
    h->time_format = spec_text(src, section, "time_format", "iso");
    h->ack = spec_text(src, section, "ack", NULL);
    return read_ack_type(src, section, h);
}

static int check_hook(const struct spec_source *src, const struct spec *s, const struct spec_hook *h)
{
    if (h->reply && (h->from.paths == NULL || h->text.paths == NULL))
        return spec_fail(src, h->line, "[reply] without from and text; allowed: both of them");
    if (!h->reply && (h->status.paths == NULL || h->n_statuses == 0))
        return spec_fail(src, h->line,
                         "[receipt] without status, or without [status]; allowed: both of them");
    if (!h->reply && h->ref.paths == NULL && h->id.paths == NULL)
        return spec_fail(src, h->line, "[receipt] without ref and id; allowed: one of them");
    if (!h->reply && s->batch > 1 && (h->id.paths == NULL || h->to.paths == NULL))
        return spec_fail(src, h->line,
                         "[receipt] of an API with batch, without id and to; allowed: both of them");
    return 0;
}

static int read_hook(const struct spec_source *src, struct spec *s, const char *section, struct spec_hook *h)
{
    static const char *const receipt_keys[] = {"kind",  "method", "format", "unwrap",   "items",
                                               "when+", "ref",    "id",     "to",       "status",
                                               "code",  "detail", "ack",    "ack_type", NULL};
    static const char *const reply_keys[] = {"kind",        "method", "format", "unwrap",   "items",
                                             "when+",       "id",     "from",   "text",     "time",
                                             "time_format", "dedupe", "ack",    "ack_type", NULL};
    const struct {
        const char *key;
        struct spec_pick *to;
    } picks[] = {
        {"ref",    &h->ref   },
        {"id",     &h->id    },
        {"to",     &h->to    },
        {"status", &h->status},
        {"code",   &h->code  },
        {"detail", &h->detail},
        {"from",   &h->from  },
        {"text",   &h->text  },
        {"time",   &h->time  },
    };

    if (spec_section(src, section) == NULL)
        return 0;
    h->line = spec_section(src, section)->line;
    if (spec_keys(src, section, h->reply ? reply_keys : receipt_keys) != 0 ||
        spec_format_read(src, section, true, &h->format) != 0 || read_ways(src, section, h) != 0 ||
        spec_conds_entries(src, section, "when", &h->when, &h->n_when) != 0 ||
        read_dedupe(src, section, h) != 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(picks); i++)
        if (spec_pick_entry(src, section, picks[i].key, picks[i].to) != 0)
            return -1;
    if (!h->reply && read_tables(src, h) != 0)
        return -1;
    return check_hook(src, s, h);
}

int spec_compile_hooks(const struct spec_source *src, struct spec *s)
{
    s->reply.reply = true;
    return read_auth(src, s) != 0 || read_hook(src, s, "receipt", &s->receipt) != 0 ||
                   read_hook(src, s, "reply", &s->reply) != 0
               ? -1
               : 0;
}

void spec_hook_fini(struct spec_hook *h)
{
    struct spec_pick *const picks[] = {&h->ref,    &h->id,   &h->to,   &h->status, &h->code,
                                       &h->detail, &h->from, &h->text, &h->time};

    free(h->kind);
    free(h->method);
    free(h->unwrap);
    free(h->items);
    for (size_t i = 0; i < h->n_when; i++)
        spec_conds_fini(&h->when[i]);
    free(h->when);
    for (size_t i = 0; i < ARRAY_LEN(picks); i++)
        spec_pick_fini(picks[i]);
    for (size_t i = 0; i < h->n_statuses; i++)
        spec_pattern_fini(&h->statuses[i].pattern);
    free(h->statuses);
    spec_classes_fini(&h->codes);
    for (size_t i = 0; i < h->n_dedupe; i++)
        spec_pick_fini(&h->dedupe[i]);
    free(h->dedupe);
    free(h->time_format);
    free(h->ack);
}
