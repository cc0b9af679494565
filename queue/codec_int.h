/* Inside the codec only: codec_read.c and codec_alert.c read members, codec.c does the rest. */
#ifndef QUEUE_CODEC_INT_H
#define QUEUE_CODEC_INT_H

#include "queue/codec.h"

/* ${stored}: written by ourselves, so kind "answer" is known. */
struct notice *codec_read(const json_t *tree, bool stored, struct err *e) MUSTCHECK;

/* A member's reader gets the member's whole name ("alert.issuer"), for errors. */
typedef int (*codec_read_fn)(struct notice *n, const json_t *v, const char *field, struct err *e);
struct codec_member {
    const char *name;
    json_type type;
    const char *type_words;
    codec_read_fn read;
};

/* Read an object by its table of members; ${prefix} ("alert.") goes before their names in errors. */
int codec_read_members(struct notice *n, const json_t *o, const struct codec_member *table, size_t n_rows,
                       const char *prefix, struct err *e) MUSTCHECK;
/* A string of at most ${max} bytes, copied; an id; a time. */
int codec_read_string(char **out, const json_t *v, size_t max, const char *field, struct err *e) MUSTCHECK;
int codec_read_id(char *out, const json_t *v, const char *field, struct err *e) MUSTCHECK;
int codec_read_time(int64_t *out, const json_t *v, const char *field, struct err *e) MUSTCHECK;
/* The member "alert" (a codec_read_fn). */
int codec_read_alert(struct notice *n, const json_t *v, const char *field, struct err *e) MUSTCHECK;

#endif
