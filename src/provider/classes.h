/* Tables from a provider's code to what it means for us. Every driver has one; what is in none is never guessed into success. */
#ifndef PROVIDER_CLASSES_H
#define PROVIDER_CLASSES_H

#include "provider/provider.h"

struct class_row {
    const char *code; /* as the API writes it; one that ends in '*' is a beginning */
    enum verdict verdict;
    const char *words; /* for people; "" where the code says it */
    int64_t wait_ms;   /* THROTTLED and RETRY: when the API tells no time; 0 = as policy says */
    enum throttle_scope scope;
    enum throttle_until until;
    enum provider_about about;
    bool stale_token;
};

/* Rows, by what they mean; ${c}: the code, ${w}: the words. */
/* clang-format off */
#define CLASS_SENT(c)                     {.code = (c), .verdict = VERDICT_SENT, .words = ""}
#define CLASS_RETRY(c, w)                 {.code = (c), .verdict = VERDICT_RETRY, .words = (w)}
#define CLASS_THROTTLED(c, w, ms)         {.code = (c), .verdict = VERDICT_THROTTLED, .words = (w), .wait_ms = (ms)}
/* of this recipient alone; ${u}: until when */
#define CLASS_THROTTLED_ONE(c, w, ms, u)  {.code = (c), .verdict = VERDICT_THROTTLED, .words = (w), .wait_ms = (ms), .scope = THROTTLE_RECIPIENT, .until = (u)}
#define CLASS_RECIPIENT(c, w)             {.code = (c), .verdict = VERDICT_BAD_RECIPIENT, .words = (w)}
#define CLASS_DEAD(c, w)                  {.code = (c), .verdict = VERDICT_BAD_RECIPIENT, .words = (w), .about = ABOUT_DEAD_NUMBER}
#define CLASS_OPTED_OUT(c, w)             {.code = (c), .verdict = VERDICT_BAD_RECIPIENT, .words = (w), .about = ABOUT_OPTED_OUT}
#define CLASS_MESSAGE(c, w)               {.code = (c), .verdict = VERDICT_BAD_MESSAGE, .words = (w)}
#define CLASS_ACCOUNT(c, w)               {.code = (c), .verdict = VERDICT_BAD_ACCOUNT, .words = (w)}
#define CLASS_TOKEN(c, w)                 {.code = (c), .verdict = VERDICT_BAD_ACCOUNT, .words = (w), .stale_token = true}
#define CLASS_UNKNOWN(c, w)               {.code = (c), .verdict = VERDICT_UNKNOWN, .words = (w)}
/* clang-format on */

/* The first row that fits, or NULL. */
const struct class_row *class_find(const struct class_row *rows, size_t n, const char *code);
/* The verdict for ${code} with "CODE: words" as detail; UNKNOWN "CODE: not a code that is known" when no row fits. ${retry_after_ms}: the API's own word, -1 = none. */
void class_judge(const struct class_row *rows, size_t n, const char *code, int64_t retry_after_ms,
                 struct provider_verdict *v);
/* The same verdict without a table: HTTP's own refusals before the API was asked. 429 throttled, 503 and 502 as far as nothing was done: the API's documents decide, so this
 * knows 429 (throttled) and 401, 403 (bad account) only; anything else is UNKNOWN "HTTP status N". */
void class_http(int status, int64_t retry_after_ms, struct provider_verdict *v);
/* An answer that is none of the API's: something between us and it spoke. What became of the request nobody knows, but for 503 (retry: nothing was taken), 429, 401 and 403. */
void class_stranger(const struct http_answer *a, struct provider_verdict *v);
/* A verdict about a recipient, but several were asked and nobody knows who is meant: none is judged by it, each is asked alone (see blames_all). */
void class_alone(struct provider_verdict *v);
/* "words" as detail: cut at a character's border, control characters made blanks. */
void class_detail(struct provider_verdict *v, const char *words);

#endif
