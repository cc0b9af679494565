#include "client/to.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

static const struct {
    const char *word, *member;
} kinds[] = {
    {"tag",      "tags"     },
    {"area",     "areas"    },
    {"building", "buildings"},
    {"resident", "residents"},
    {"phone",    "phones"   },
};

static void append(json_t *selector, const char *member, const char *value, size_t n)
{
    json_t *list = json_object_get(selector, member);

    if (list == NULL) {
        list = json_array();
        json_object_set_new(selector, member, list);
    }
    json_array_append_new(list, json_stringn(value, n));
}

/* CODE, or CODE:status. */
static int add_activity(json_t *selector, const char *value, struct err *e)
{
    const char *colon = strrchr(value, ':');
    size_t n = colon != NULL ? (size_t)(colon - value) : strlen(value);
    const char *before = json_string_value(json_object_get(selector, "activity"));

    if (before != NULL && (strlen(before) != n || strncmp(before, value, n) != 0))
        return err_set(e, "usage", NULL, "one activity at a time: %s or %.*s", before, (int)n, value);
    json_object_set_new(selector, "activity", json_stringn(value, n));
    if (colon != NULL)
        append(selector, "status", colon + 1, strlen(colon + 1));
    return 0;
}

static bool is_number(const char *s)
{
    return *s == '+' || (*s >= '0' && *s <= '9') ||
           strncmp(s, "\xef\xbc", 2) == 0; /* full-width digits and plus */
}

int to_add(json_t *selector, const char *word, struct err *e)
{
    const char *colon = strchr(word, ':');

    if (strcmp(word, "everyone") == 0) {
        json_object_set_new(selector, "everyone", json_true());
        return 0;
    }
    for (size_t i = 0; colon != NULL && i < ARRAY_LEN(kinds); i++)
        if (strlen(kinds[i].word) == (size_t)(colon - word) &&
            strncmp(word, kinds[i].word, strlen(kinds[i].word)) == 0) {
            if (colon[1] == '\0')
                break;
            append(selector, kinds[i].member, colon + 1, strlen(colon + 1));
            return 0;
        }
    if (strncmp(word, "activity:", 9) == 0 && word[9] != '\0')
        return add_activity(selector, word + 9, e);
    if (is_number(word)) {
        append(selector, "phones", word, strlen(word));
        return 0;
    }
    return err_set(e, "usage", NULL,
                   "'%s' names nobody; allowed are everyone, tag:T, area:CODE, building:B, "
                   "activity:CODE[:status], resident:ID and +86...",
                   word);
}
