#include "provider/classes.h"

#include <stdio.h>
#include <string.h>

#include "text/utf8.h"

static bool fits(const char *pattern, const char *code)
{
    size_t n = strlen(pattern);

    if (n > 0 && pattern[n - 1] == '*')
        return strncmp(pattern, code, n - 1) == 0;
    return strcmp(pattern, code) == 0;
}

const struct class_row *class_find(const struct class_row *rows, size_t n, const char *code)
{
    for (size_t i = 0; i < n; i++)
        if (fits(rows[i].code, code))
            return &rows[i];
    return NULL;
}

void class_detail(struct provider_verdict *v, const char *words)
{
    size_t n = utf8_cut(words, strlen(words), sizeof(v->detail) - 1);

    for (size_t i = 0; i < n; i++)
        v->detail[i] = (char)((unsigned char)words[i] < 0x20 || words[i] == 0x7f ? ' ' : words[i]);
    v->detail[n] = '\0';
}

/* A code is a stranger's text: only what codes are made of is shown. */
static void code_detail(struct provider_verdict *v, const char *code, const char *words)
{
    char text[200], safe[64];
    size_t n = 0;

    for (; code[n] != '\0' && n < sizeof(safe) - 1; n++)
        safe[n] = (char)((unsigned char)code[n] > 0x20 && (unsigned char)code[n] < 0x7f ? code[n] : '?');
    safe[n] = '\0';
    if (snprintf(text, sizeof(text), "%s%s%s", safe, safe[0] != '\0' && words[0] != '\0' ? ": " : "", words) <
        0)
        text[0] = '\0';
    class_detail(v, text);
}

void class_judge(const struct class_row *rows, size_t n, const char *code, int64_t retry_after_ms,
                 struct provider_verdict *v)
{
    const struct class_row *row = class_find(rows, n, code);

    if (row == NULL) {
        v->verdict = VERDICT_UNKNOWN;
        code_detail(v, code, "not a code that is known");
        return;
    }
    v->verdict = row->verdict;
    v->scope = row->scope;
    v->until = row->until;
    v->about = row->about;
    v->stale_token = row->stale_token;
    if (row->verdict == VERDICT_THROTTLED || row->verdict == VERDICT_RETRY)
        v->retry_after_ms = retry_after_ms >= 0 ? retry_after_ms : row->wait_ms > 0 ? row->wait_ms : -1;
    code_detail(v, row->verdict == VERDICT_SENT ? "" : code, row->words);
}

void class_http(int status, int64_t retry_after_ms, struct provider_verdict *v)
{
    char text[32];

    v->verdict = status == 429                    ? VERDICT_THROTTLED
                 : status == 401 || status == 403 ? VERDICT_BAD_ACCOUNT
                                                  : VERDICT_UNKNOWN;
    if (status == 429)
        v->retry_after_ms = retry_after_ms;
    if (snprintf(text, sizeof(text), "HTTP status %d", status) > 0)
        class_detail(v, text);
}

void class_stranger(const struct http_answer *a, struct provider_verdict *v)
{
    if (a->status != 503 && a->status != 200) {
        class_http(a->status, a->retry_after_ms, v);
        return;
    }
    v->verdict = a->status == 503 ? VERDICT_RETRY : VERDICT_UNKNOWN;
    v->retry_after_ms = a->status == 503 ? a->retry_after_ms : -1;
    class_detail(v, a->status == 503 ? "HTTP status 503" : "the answer has no code");
}

void class_alone(struct provider_verdict *v)
{
    v->verdict = VERDICT_RETRY;
    v->scope = THROTTLE_RECIPIENT;
    v->until = THROTTLE_TOLD;
    v->about = ABOUT_NOTHING;
    v->retry_after_ms = -1;
}
