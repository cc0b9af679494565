/* JSON <-> notice: the inbox entry of contract 3.
 *
 * Hides: member names, types and their limits. Pure. */
#ifndef QUEUE_CODEC_H
#define QUEUE_CODEC_H

#include <jansson.h>

#include "model/notice.h"

/* Parse ${n} bytes as one notice. Refuses with the contract's reason codes: "too-large" (> 64 KiB), "bad-json" (malformed, nested deeper than 32), "nul-byte", "bad-utf8",
 * "duplicate-member", "bad-type", "unknown-member", "bad-version", "bad-id", "bad-kind", "bad-lane", "bad-audience", "bad-phone", "bad-time", "bad-channel", "no-text", "not-supported" ...; e->field names the member.
 * Does not call notice_complete. An absent id is left empty: codec_new_id makes one. */
struct notice *codec_notice(const char *json, size_t n, struct err *e) MUSTCHECK;
/* A notice as Redis keeps it (queue_notice_json, stage jobs): written by codec_canonical after notice_complete. No limit of size, and kind "answer" is known. */
struct notice *codec_stored(const char *json, size_t n, struct err *e) MUSTCHECK;
/* The same from a parsed tree (HTTP body). */
struct notice *codec_notice_json(const json_t *tree, struct err *e) MUSTCHECK;
/* Canonical JSON (sorted keys, compact) of the notice as it is now; caller frees. codec_notice(codec_canonical(n)) is n again. */
char *codec_canonical(const struct notice *n, size_t *len);
/* "n-20261123-0906-7f3a9c21": date and time of ${now_at} in UTC+8 and randomness. */
void codec_new_id(int64_t now_at, char out[NOTICE_ID_MAX + 1]);
/* Strict JSON of a stranger: depth <= 32, duplicate keys, NUL and trailing bytes refused; caller decrefs. */
json_t *codec_load(const char *json, size_t n, struct err *e) MUSTCHECK;

#endif
