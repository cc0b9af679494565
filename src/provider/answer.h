/* Answers of driver `json` as values.
 *
 * Hides: how they are read. Every sane bridge writes the same few plain members, and at 100,000 recipients a second a tree per
 * answer is most of the work; so a scanner takes the plain form (known members once each, printable ASCII strings without
 * escapes, small integers, nothing nested) and jansson decides everything else. Both say the same of what the scanner takes:
 * tests/fuzz/fuzz_provider_json.c compares them. */
#ifndef PROVIDER_ANSWER_H
#define PROVIDER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/policy.h"

/* One result: the whole answer of a single request, or one member of `results`. */
struct answer_item {
    const char *to, *id; /* borrowed for the callback, not NUL terminated; NULL = absent or no string */
    size_t to_len, id_len;
    int64_t code;              /* -1 = absent, no integer, or negative */
    int64_t retry_after_ms;    /* -1 = absent or no number from 0 to 86,400 */
    bool recipient;            /* "scope":"recipient"; any other value is none */
    enum throttle_until until; /* "until":"minute" | "hour" | "day"; any other value is none */
};
typedef void (*answer_fn)(void *arg, const struct answer_item *item);

struct answer_whole {
    struct answer_item item; /* the members of the outer object; strings are valid only while `body` is */
    bool has_results;        /* a member `results` that is an array was there (batch only) */
};

/* The plain form. ${each} (batch only) per result, in order. 0, or -1 when it is not plain: then nothing that was told counts. */
int answer_scan(const char *body, size_t n, bool batch, answer_fn each, void *arg,
                struct answer_whole *whole);
/* Any JSON object. 0, or -1 when it is none (malformed, duplicate members, not UTF-8, NUL). Strings of ${whole} are copied to ${id} (>= 80 bytes). */
int answer_load(const char *body, size_t n, bool batch, answer_fn each, void *arg, struct answer_whole *whole,
                char *id);

#endif
