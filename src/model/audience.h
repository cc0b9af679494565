/* Who is meant: the selector of contract 3 ("to"), and the recipients it becomes.
 *
 * Hides: how selectors combine: lists in one member are OR, members are AND, `not` takes away. Pure. */
#ifndef MODEL_AUDIENCE_H
#define MODEL_AUDIENCE_H

#include <jansson.h>

#include "base/buf.h"
#include "model/resident.h"

struct audience;

/* From JSON ({"everyone":true} | {"tags":[..]} | ...). Unknown members, wrong types, empty lists, an empty object and numbers that are no mobile
 * numbers are errors: NULL with code "bad-audience" | "bad-phone" and the member as field. */
struct audience *audience_parse(const json_t *to, struct err *e) MUSTCHECK;
/* The canonical JSON (caller decrefs). */
json_t *audience_json(const struct audience *a);
void audience_free(struct audience *a);

/* All people who were told of another notice (kind allclear); internal selector {"told": ID}, or several ids, blank separated, which stands alone: no other
 * member narrows it. NULL when it is not that. */
struct audience *audience_new_told(const char *notice_id);
const char *audience_told(const struct audience *a);
/* Can it be answered without walking through all residents? Then these are all there is (phones in E.164 / resident ids). */
bool audience_is_listed(const struct audience *a);
size_t audience_n_phones(const struct audience *a);
const char *audience_phone(const struct audience *a, size_t i);
size_t audience_n_residents(const struct audience *a);
const char *audience_resident(const struct audience *a, size_t i);
/* Activity whose participants are meant ("" = none), with statuses as a set of names in the contract ("confirmed", "waiting", ...). When
 * set, the queue supplies membership through ${in_activity}. */
const char *audience_activity(const struct audience *a);
bool audience_status_wanted(const struct audience *a, const char *status); /* no status list = confirmed */

/* Does this resident belong? ${in_activity}: answers for the activity member of the selector or of its `not` (may be NULL when there is none). */
bool audience_matches(const struct audience *a, const struct resident *r,
                      bool (*in_activity)(void *arg, const char *activity, const struct audience *which,
                                          const struct resident *r),
                      void *arg);
/* A phone that belongs to nobody we know: is it meant (phones[] alone names it and no other member excludes it)? */
bool audience_matches_stranger(const struct audience *a, const char *phone);

/* One line of a frozen audience (queue/SCHEMA.md): TAB separated, trailing empty fields omitted:
 *   addresses (blank separated: "+86138..." is a phone, "wechat:OPENID")  resident-id  name  building  language  own text (rolling answers)  area (only where
 *   the notice's text names it)
 * No field holds TAB or LF. */
struct recipient {
    const char *addresses, *resident, *name, *building, *lang, *text,
        *area; /* never NULL after parsing; borrowed from the line buffer */
};
int recipient_line(struct buf *out,
                   const struct recipient *r); /* appends the line without LF; NULL fields = empty */
/* Parse in place (the line is modified: separators become NUL). 0 or -1. */
int recipient_parse(char *line, struct recipient *out);
/* The address of ${r} for a channel ("sms" -> phone; "wechat" -> open id), or NULL. Written into ${out} (>= 96 bytes). */
const char *recipient_address(const struct recipient *r, const char *channel, char *out, size_t n);

#endif
