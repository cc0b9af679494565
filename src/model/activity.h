/* An activity: something residents register for. Pure. */
#ifndef MODEL_ACTIVITY_H
#define MODEL_ACTIVITY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define ACTIVITY_CODE_MAX  32
#define ACTIVITY_ALIASES   8
#define ACTIVITY_REMINDERS 4
#define ACTIVITY_TAGS      8
#define ACTIVITY_AREAS     8

/* Signing in by text: from an hour before the start to three hours after it. */
#define ACTIVITY_SIGN_BEFORE_MS 3600000LL
#define ACTIVITY_SIGN_AFTER_MS  10800000LL

enum activity_state { ACTIVITY_PLANNED = 0, ACTIVITY_OPEN, ACTIVITY_CLOSED, ACTIVITY_CANCELLED };
/* A registration. OFFERED: moved up from the waiting list, the seat is held until they confirm it. */
enum reg_status { REG_CONFIRMED = 0, REG_WAITING, REG_WITHDRAWN, REG_ATTENDED, REG_OFFERED };

struct activity_reminders {
    uint32_t minutes[ACTIVITY_REMINDERS]; /* before the start */
    size_t n;
    bool set; /* false: the community's */
};

struct activity {
    char code[ACTIVITY_CODE_MAX + 1]; /* [A-Za-z0-9._-]+ or CJK letters: what people text */
    char title[128];
    char aliases[ACTIVITY_ALIASES][64];
    size_t n_aliases;
    uint32_t seats;
    uint32_t taken, waiting;                /* as of when it was read */
    uint32_t rev;                           /* how often staff changed it */
    int64_t opens_at, closes_at, starts_at; /* opens 0 = at once; closes 0 = at the start */
    enum activity_state stored; /* what staff decided: OPEN (follow the window), CLOSED, CANCELLED */
    uint32_t max_party;         /* most people in one registration; default 10 */
    char place[128];
    char map[240];   /* link to the place on a map; "" = none */
    char sign_in[9]; /* digits that are told at the place, to sign in by text; "" = at the desk only */
    char price[64];  /* what it costs, in words; "" = nothing said */
    char tags[ACTIVITY_TAGS][48],
        areas[ACTIVITY_AREAS][16]; /* whom it is for: any of the tags, and any of the areas; none = all */
    size_t n_tags, n_areas;
    uint32_t confirm_within; /* minutes to confirm a seat that became free; 0 = theirs at once */
    struct activity_reminders reminders;
    int64_t fixed_at;  /* when the present start was decided; 0 = not known */
    uint32_t reminded; /* the last reminder of this start: minutes before it; 0 = none */
};

/* May it be a code? At most ACTIVITY_CODE_MAX bytes. */
bool activity_code_valid(const char *s, size_t n);
const char *activity_state_name(enum activity_state s); /* "planned","open","closed","cancelled" */
const char *reg_status_name(enum reg_status s);
int reg_status_parse(const char *s);
/* What it is at ${now_at}: by the window, unless staff closed or cancelled it. */
enum activity_state activity_state_at(const struct activity *a, int64_t now_at);
json_t *activity_json(const struct activity *a, int64_t now_at, const char *tz);
/* From the body of POST /api/v1/activities: code, title, seats, starts_at; optional aliases, opens_at, closes_at, place, map, price, sign_in, for_tags, for_areas, max_party, confirm_within, reminders. Times ISO (without offset: in
 * ${tz}); null = not set; `opens`, `closes`, `starts` are understood too. -1 with code "bad-activity" and field. A window that has passed is not refused: staff
 * may record what was. */
int activity_from_json(struct activity *a, const json_t *body, const char *tz, struct err *e) MUSTCHECK;
/* What the body of a change says of ${a}, which holds the activity as it is. The code never changes; null takes opens_at or closes_at away. */
int activity_change_from_json(struct activity *a, const json_t *body, const char *tz,
                              struct err *e) MUSTCHECK;
/* The members in which two differ, as a JSON list. */
json_t *activity_differences(const struct activity *a, const struct activity *b);

#endif
