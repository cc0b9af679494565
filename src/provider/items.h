/* Callbacks in JSON: an object, or an array of at most 10,000 of them, read one by one. One that is none keeps no other out.
 *
 * Hides: jansson's ways, cut characters, items that are handed to the staff. */
#ifndef PROVIDER_ITEMS_H
#define PROVIDER_ITEMS_H

#include <jansson.h>
#include <stdbool.h>

#include "provider/provider.h"

/* Longest text of a reply: what is longer is cut, with a mark at its end that says so. */
#define ITEMS_TEXT_MAX 16384

/* Read one item and tell the sink. 0, or -1 with why it is none. ${arg}: the caller's. */
typedef int (*items_read_fn)(void *arg, const json_t *item, struct err *e);
/* ${code}: of the error when ${body} is nothing of the kind ("bad-receipt", "bad-reply"). Each item goes to ${read}; what it refuses goes to ${bad} (with ${bad_arg}). The number
 * of items, or -1: no JSON, or a single object that was refused. */
int items_each(const char *body, size_t n, const char *code, items_read_fn read, void *arg,
               void (*bad)(void *arg, const struct provider_bad *b), void *bad_arg, struct err *e);

/* What readers of callbacks are given as ${arg}. ${text}: room for what somebody wrote. */
struct items_reading {
    const struct provider_sink *sink;
    struct buf text;
};
/* The callback of a driver whose kinds are POST .../receipt and POST .../reply. ${ack}: the JSON that the provider wants to hear. */
int items_callback(const struct provider_conf *c, const struct provider_callback *in,
                   const struct provider_sink *sink, items_read_fn receipt, items_read_fn reply,
                   const char *words, struct provider_ack *ack, struct err *e);
/* The sink hears ${r} with text ${v}, a string (see items_text). */
void items_reply(struct items_reading *g, struct provider_reply *r, const json_t *v);
/* The id of a reply that has none: "sha256:" and the hash of its members, in this order; what is neither a string nor a whole number counts as "". */
void items_id(char out[128], const json_t *o, const char *const *members, size_t n);

/* The string member ${key}; -1 when it is missing, empty, no string, longer than ${max} bytes, or holds a control character. */
int items_member(const json_t *o, const char *key, size_t max, const char **out, const char *code,
                 struct err *e);
/* As text for people, at most ${max} - 1 bytes, control characters made blanks; "" when it is no string. */
void items_words(char *out, size_t max, const json_t *v);
/* What somebody wrote, never refused for its length or what it holds: cut with a mark, NULs made blanks. ${text}: a buf of ITEMS_TEXT_MAX. */
void items_text(const json_t *v, struct buf *text);

/* A number as providers in China write it in callbacks: "13800138000", "8613800138000", "+86..." for the mainland; with a country code (or ${country}, "" = none) for others. E.164,
 * or as it came when it is no number a person has. */
void items_phone(char out[PROVIDER_ADDRESS_MAX], const char *country, const char *number);
/* "2017-01-01 00:00:12", Beijing time. Milliseconds, 0 when it is none. */
int64_t items_time(const json_t *v);

#endif
