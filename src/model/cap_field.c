/* What the text of each element becomes. Part of cap.h. */
#include <string.h>
#include <strings.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/cap_int.h"
#include "text/utf8.h"

enum how { WORDS, LINES, TIME, WORD_OF, ALL_CLEAR, POLYGON, CIRCLE };

struct cap_field {
    enum cap_place in;
    const char *name;
    enum how how;
    size_t at, time_at;       /* offsets in what is open: text or number; time */
    const char *const *words; /* WORD_OF: the standard's, the first one is 1 */
};

#define IN_ALERT(m) offsetof(struct cap_alert, m)
#define IN_INFO(m)  offsetof(struct cap_info, m)
#define IN_AREA(m)  offsetof(struct cap_area, m)
#define IN_PAIR(m)  offsetof(struct cap_pair, m)

static const char *const status_words[] = {"Actual", "Exercise", "System", "Test", "Draft", NULL};
static const char *const type_words[] = {"Alert", "Update", "Cancel", "Ack", "Error", NULL};
static const char *const scope_words[] = {"Public", "Restricted", "Private", NULL};
static const char *const urgency_words[] = {"Immediate", "Expected", "Future", "Past", "Unknown", NULL};
static const char *const severity_words[] = {"Extreme", "Severe", "Moderate", "Minor", "Unknown", NULL};
static const char *const certainty_words[] = {"Observed", "Likely", "Possible", "Unlikely", "Unknown", NULL};

/* clang-format off */
static const struct cap_field fields[] = {
    {CAP_IN_ALERT, "identifier", WORDS, IN_ALERT(identifier), 0, NULL},
    {CAP_IN_ALERT, "sender", WORDS, IN_ALERT(sender), 0, NULL},
    {CAP_IN_ALERT, "sent", TIME, IN_ALERT(sent), IN_ALERT(sent_at), NULL},
    {CAP_IN_ALERT, "status", WORD_OF, IN_ALERT(status), 0, status_words},
    {CAP_IN_ALERT, "msgType", WORD_OF, IN_ALERT(type), 0, type_words},
    {CAP_IN_ALERT, "scope", WORD_OF, IN_ALERT(scope), 0, scope_words},
    {CAP_IN_ALERT, "note", LINES, IN_ALERT(note), 0, NULL},
    {CAP_IN_ALERT, "references", WORDS, IN_ALERT(references), 0, NULL},
    {CAP_IN_INFO, "language", WORDS, IN_INFO(language), 0, NULL},
    {CAP_IN_INFO, "event", WORDS, IN_INFO(event), 0, NULL},
    {CAP_IN_INFO, "responseType", ALL_CLEAR, IN_INFO(all_clear), 0, NULL},
    {CAP_IN_INFO, "urgency", WORD_OF, IN_INFO(urgency), 0, urgency_words},
    {CAP_IN_INFO, "severity", WORD_OF, IN_INFO(severity), 0, severity_words},
    {CAP_IN_INFO, "certainty", WORD_OF, IN_INFO(certainty), 0, certainty_words},
    {CAP_IN_INFO, "effective", TIME, SIZE_MAX, IN_INFO(effective_at), NULL},
    {CAP_IN_INFO, "onset", TIME, SIZE_MAX, IN_INFO(onset_at), NULL},
    {CAP_IN_INFO, "expires", TIME, IN_INFO(expires), IN_INFO(expires_at), NULL},
    {CAP_IN_INFO, "senderName", WORDS, IN_INFO(sender_name), 0, NULL},
    {CAP_IN_INFO, "headline", WORDS, IN_INFO(headline), 0, NULL},
    {CAP_IN_INFO, "description", LINES, IN_INFO(description), 0, NULL},
    {CAP_IN_INFO, "instruction", LINES, IN_INFO(instruction), 0, NULL},
    {CAP_IN_AREA, "areaDesc", WORDS, IN_AREA(desc), 0, NULL},
    {CAP_IN_AREA, "polygon", POLYGON, 0, 0, NULL},
    {CAP_IN_AREA, "circle", CIRCLE, 0, 0, NULL},
    {CAP_IN_EVENT_CODE, "valueName", WORDS, IN_PAIR(name), 0, NULL},
    {CAP_IN_EVENT_CODE, "value", WORDS, IN_PAIR(value), 0, NULL},
    {CAP_IN_PARAMETER, "valueName", WORDS, IN_PAIR(name), 0, NULL},
    {CAP_IN_PARAMETER, "value", WORDS, IN_PAIR(value), 0, NULL},
    {CAP_IN_GEOCODE, "valueName", WORDS, IN_PAIR(name), 0, NULL},
    {CAP_IN_GEOCODE, "value", WORDS, IN_PAIR(value), 0, NULL},
};
/* clang-format on */

const struct cap_field *cap_field_find(enum cap_place place, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (fields[i].in == place && strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

void *cap_more(void *array, size_t *n, size_t size)
{
    if ((*n & (*n - 1)) == 0) /* a power of two, or none: full */
        array = xrealloc(array, (*n == 0 ? 1 : 2 * *n) * size);
    memset((char *)array + *n * size, 0, size);
    (*n)++;
    return array;
}

void cap_bad(struct cap_alert *a, const char *why, const char *field)
{
    struct buf b = BUF_INIT(sizeof(a->bad) - 1);

    if (a->bad[0] != '\0')
        return;
    buf_fmt(&b, "%s%s%s", field != NULL ? field : "", field != NULL ? ": " : "", why);
    memcpy(a->bad, buf_cstr(&b), b.len + 1);
    buf_fini(&b);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Runs of white space become one blank, or one line feed where lines are kept; ends are trimmed. */
static char *collapsed(const char *s, size_t n, bool lines)
{
    struct buf b = BUF_INIT(n + 1);

    for (size_t i = 0; i < n;) {
        bool feed = false;
        size_t from = i;

        for (; i < n && is_blank(s[i]); i++)
            feed = feed || s[i] == '\n' || s[i] == '\r';
        if (i > from && b.len > 0 && i < n)
            buf_chr(&b, feed && lines ? '\n' : ' ');
        for (from = i; i < n && !is_blank(s[i]); i++)
            ;
        buf_add(&b, s + from, i - from);
    }
    return buf_take(&b);
}

static int word_of(const char *const *words, const char *s)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcasecmp(words[i], s) == 0)
            return i + 1;
    return strcasecmp(s, "Very Likely") == 0 && words == certainty_words ? CAP_LIKELY : 0; /* CAP 1.0 */
}

static void *open_of(const struct cap_field *f, const struct cap_open *o)
{
    void *const places[] = {
        [CAP_IN_ALERT] = o->alert,     [CAP_IN_INFO] = o->info,      [CAP_IN_AREA] = o->area,
        [CAP_IN_EVENT_CODE] = o->pair, [CAP_IN_PARAMETER] = o->pair, [CAP_IN_GEOCODE] = o->pair};

    return places[f->in];
}

/* Whoever says two things about what identifies a message has said nothing. */
static void put_text(const struct cap_field *f, struct cap_open *o, char *text)
{
    char **to = (char **)(void *)((char *)open_of(f, o) + f->at);

    if (*to != NULL && f->in == CAP_IN_ALERT)
        cap_bad(o->alert, "is there twice", f->name);
    free(*to);
    *to = text;
}

static void put_word(const struct cap_field *f, struct cap_open *o, const char *text)
{
    int *to = (int *)(void *)((char *)open_of(f, o) + f->at);
    int v = word_of(f->words, text);

    if (f->in == CAP_IN_ALERT && *to != 0)
        cap_bad(o->alert, "is there twice", f->name);
    if (f->in == CAP_IN_ALERT && v == 0)
        cap_bad(o->alert, "is no word of CAP", f->name);
    *to = v;
}

static void put_time(const struct cap_field *f, struct cap_open *o, char *text)
{
    int64_t *to = (int64_t *)(void *)((char *)open_of(f, o) + f->time_at);
    int64_t at = 0;

    if (clock_parse_iso(text, &at, NULL) != 0) {
        at = 0;
        if (f->in == CAP_IN_ALERT)
            cap_bad(o->alert, "is no time with an offset from UTC", f->name);
    }
    *to = at;
    if (f->at == SIZE_MAX)
        free(text);
    else
        put_text(f, o, text);
}

void cap_field_set(const struct cap_field *f, struct cap_open *o, const char *text, size_t n)
{
    char *s;

    if (n > 0 && !utf8_valid(text, n)) {
        cap_bad(o->alert, "is not UTF-8", f->name);
        return;
    }
    s = collapsed(n > 0 ? text : "", n, f->how == LINES);
    switch (f->how) {
    case WORDS:
    case LINES:
        put_text(f, o, s);
        return;
    case TIME:
        put_time(f, o, s);
        return;
    case WORD_OF:
        put_word(f, o, s);
        break;
    case ALL_CLEAR:
        o->info->all_clear = o->info->all_clear || strcasecmp(s, "AllClear") == 0;
        break;
    case POLYGON:
        cap_shape_polygon(o->area, s);
        break;
    case CIRCLE:
        cap_shape_circle(o->area, s);
        break;
    }
    free(s);
}

static const char *name_of(const char *const *words, int v)
{
    return v > 0 ? words[v - 1] : "";
}

const char *cap_status_name(int v)
{
    return name_of(status_words, v);
}

const char *cap_type_name(int v)
{
    return name_of(type_words, v);
}

const char *cap_scope_name(int v)
{
    return name_of(scope_words, v);
}

const char *cap_urgency_name(int v)
{
    return name_of(urgency_words, v);
}

const char *cap_severity_name(int v)
{
    return name_of(severity_words, v);
}

const char *cap_certainty_name(int v)
{
    return name_of(certainty_words, v);
}
