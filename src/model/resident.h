/* A resident: name, phones, area, building, tags, language, consents; the line that stores one and the CSV row that brings one.
 * Pure. */
#ifndef MODEL_RESIDENT_H
#define MODEL_RESIDENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "text/phone.h"

#define RESIDENT_PHONES 4
#define RESIDENT_TAGS   16
#define RESIDENT_IDS    2  /* of one other channel */
#define RESIDENT_FORMER 16 /* records that became one with this one */

enum {                         /* flags */
       RESIDENT_OPTED_OUT = 1, /* no notices and promotions (alerts of lanes emergency and urgent still) */
       RESIDENT_NO_WECHAT = 2, /* follows the official account no more */
};

struct resident {
    uint64_t id; /* 0 = not stored yet; shown as decimal */
    char name[96];
    char phones[RESIDENT_PHONES][PHONE_MAX]; /* E.164; first is preferred */
    size_t n_phones;
    char wechat[64], wecom[64]; /* ids there, blank separated */
    char area[16];
    char building[48];
    char tags[RESIDENT_TAGS][48];
    size_t n_tags;
    char lang[16];
    unsigned flags;
    unsigned dead;                    /* bit i: providers say that nobody is at phones[i]; not in the line */
    uint64_t former[RESIDENT_FORMER]; /* ids of records that were merged into this one; not in the line */
    size_t n_former;
};

/* One line for Redis (queue/SCHEMA.md), appended without LF: phones (blank separated) TAB name TAB area TAB building TAB tags (';' separated) TAB language
 * TAB WeChat ids (blank separated) TAB flags TAB WeCom ids; trailing empty fields omitted; the id is the hash field beside it. -1 when a field holds a separator or does not fit. */
int resident_line(struct buf *out, const struct resident *r);
/* Fills everything but the id (0). -1 when it is no such line. */
int resident_parse(const char *line, size_t n, struct resident *out);
json_t *resident_json(const struct resident *r, bool masked);
bool resident_has_tag(const struct resident *r, const char *tag);
/* Is area code ${of} the resident's area or an ancestor of it (trailing zero pairs stripped: 460100 holds 460106)? */
bool resident_in_area(const struct resident *r, const char *of);
/* The value of a template variable: name, building, area, phone (masked). NULL when it is no resident variable. Borrowed from ${r}; the masked phone
 * until the next call. */
const char *resident_var(const struct resident *r, const char *name);
bool resident_is_var(const char *name);

/* Import. Header cells in any order, Chinese or English; columns that nobody knows are ignored (and told). */
struct resident_columns {
    int name, phone, area, building, tags, lang, wechat, wecom; /* column index or -1 */
    size_t n_ignored;
    char titles[8][32]; /* in the order above: the header's own words, for errors */
};
/* 0, or -1 with code "bad-header": which column is missing (name and phone are required), which is there twice, what columns were found. */
int resident_columns(struct resident_columns *c, size_t n, const char *const *cells, struct err *e) MUSTCHECK;
/* One row. -1 with e->field = the column's name as in the file's header and e->msg = the reason with the value found. ${default_area} (may be NULL) where the row
 * names none. Several numbers in one cell (separated by ; / , or their Chinese forms) are one person's phones; the first is preferred. */
int resident_from_row(struct resident *r, const struct resident_columns *c, size_t n,
                      const char *const *cells, const char *default_area, struct err *e) MUSTCHECK;

#endif
