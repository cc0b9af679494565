#include "daemon/api_memo.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define ANSWERS   512
#define LOOKS     64
#define ANSWER_MS 3600000
#define LOOK_MS   600000

struct answer {
    char *key, *hash, *text;
    int status;
    int64_t at;
};
struct look {
    char *what;
    int64_t at;
};
struct api_memo {
    struct answer answers[ANSWERS]; /* a ring: the oldest goes */
    size_t next_answer;
    struct look looks[LOOKS];
    size_t next_look;
};

struct api_memo *api_memo_new(void)
{
    return xcalloc(1, sizeof(struct api_memo));
}

static void forget(struct answer *a)
{
    free(a->key);
    free(a->hash);
    free(a->text);
    *a = (struct answer){.key = NULL};
}

void api_memo_free(struct api_memo *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < ANSWERS; i++)
        forget(&m->answers[i]);
    for (size_t i = 0; i < LOOKS; i++)
        free(m->looks[i].what);
    free(m);
}

enum api_memo_found api_memo_find(struct api_memo *m, const char *key, const char *hash, int *status,
                                  const char **text)
{
    for (size_t i = 0; i < ANSWERS; i++) {
        struct answer *a = &m->answers[i];
        if (a->key == NULL || strcmp(a->key, key) != 0)
            continue;
        if (clock_mono_ms() - a->at > ANSWER_MS) {
            forget(a);
            return API_MEMO_NONE;
        }
        *status = a->status;
        *text = a->text;
        return strcmp(a->hash, hash) == 0 ? API_MEMO_SAME : API_MEMO_OTHER;
    }
    return API_MEMO_NONE;
}

void api_memo_keep(struct api_memo *m, const char *key, const char *hash, int status, const char *text)
{
    struct answer *a = &m->answers[m->next_answer];

    if (status / 100 != 2)
        return;
    forget(a);
    *a = (struct answer){.key = xstrdup(key),
                         .hash = xstrdup(hash),
                         .text = xstrdup(text),
                         .status = status,
                         .at = clock_mono_ms()};
    m->next_answer = (m->next_answer + 1) % ANSWERS;
}

bool api_memo_seen(struct api_memo *m, const char *who, const char *did)
{
    char *what = xasprintf("%s|%s", who, did);
    int64_t now = clock_mono_ms();

    for (size_t i = 0; i < LOOKS; i++)
        if (m->looks[i].what != NULL && strcmp(m->looks[i].what, what) == 0 &&
            now - m->looks[i].at < LOOK_MS) {
            free(what);
            return true;
        }
    free(m->looks[m->next_look].what);
    m->looks[m->next_look] = (struct look){.what = what, .at = now};
    m->next_look = (m->next_look + 1) % LOOKS;
    return false;
}
