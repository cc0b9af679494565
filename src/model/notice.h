/* A notice: text + audience + time, with the words and numbers of its states. No I/O, no clock. */
#ifndef MODEL_NOTICE_H
#define MODEL_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/audience.h"
#include "model/repeat.h"

#define NOTICE_ANSWERS   "_a." /* how ids of rolling answer notices begin: nobody else's may */
#define NOTICE_LANGS_MAX 16    /* texts of one notice */
#define NOTICE_ID_MAX    64
#define NOTICE_JSON_MAX  65536 /* contract 3: at most 64 KiB of JSON per entry */
#define NOTICE_TEXT_MAX  8000  /* bytes of one text before rendering */
#define NOTICE_SLICE     100   /* recipients per slice */

/* Numbers are written to Redis (queue/SCHEMA.md): never renumber. */
enum lane { LANE_EMERGENCY = 0, LANE_URGENT, LANE_NORMAL, LANE_BULK };
#define LANE_N 4
enum notice_kind {
    NOTICE_NOTICE = 0,
    NOTICE_PROMOTION,
    NOTICE_ALERT,
    NOTICE_CANCEL,
    NOTICE_ALLCLEAR,
    NOTICE_ANSWER /* internal: answers to replies */
};
enum notice_state {
    NOTICE_STAGING = 0, /* due; its audience is being frozen, nothing claimed yet */
    NOTICE_AWAITING_APPROVAL,
    NOTICE_SCHEDULED,
    NOTICE_RUNNING,
    NOTICE_PAUSED,
    NOTICE_AUDITING, /* all slices settled; the ledger is being looked through once more */
    NOTICE_DONE,
    NOTICE_CANCELLED,
    NOTICE_EXPIRED,
    NOTICE_REJECTED
};
#define NOTICE_STATE_N 10
/* One recipient of one notice. */
enum recipient_state {
    RECIPIENT_PENDING = 0,
    RECIPIENT_SENDING = 1, /* marked before the request is written */
    RECIPIENT_ACCEPTED = 2,
    RECIPIENT_DELIVERED = 3,
    RECIPIENT_RETRY = 4,
    RECIPIENT_FAILED = 5,     /* for good */
    RECIPIENT_EXHAUSTED = 6,  /* attempts used up */
    RECIPIENT_UNKNOWN = 7,    /* in doubt, parked */
    RECIPIENT_SUPPRESSED = 8, /* opted out */
    RECIPIENT_CANCELLED = 9,
    RECIPIENT_EXPIRED = 10
};
#define RECIPIENT_STATE_N 11
enum on_unknown { ON_UNKNOWN_PARK = 0, ON_UNKNOWN_RESEND };

/* Names as in the contract; NULL-free. The _parse functions return -1 for a word that is none. */
const char *lane_name(enum lane l);
int lane_parse(const char *s);
const char *notice_kind_name(enum notice_kind k);
int notice_kind_parse(const char *s);
const char *notice_state_name(enum notice_state s);
int notice_state_parse(const char *s);
bool notice_state_is_final(enum notice_state s);
const char *recipient_state_name(enum recipient_state s);
int recipient_state_parse(const char *s);
/* accepted counts as final: a receipt may still raise it */
bool recipient_state_is_final(enum recipient_state s);

struct notice_text {
    char lang[16]; /* "zh-CN", "en"; "" = for everybody */
    char *text;
};
struct notice_var {
    char *name, *value;
};
struct notice_alert {
    bool present, exercise;
    char *issuer, *event, *level, *official_id, *official_text, *advice;
    int64_t issued_at, expires_at;
    char (*supersedes)[NOTICE_ID_MAX + 1];
    size_t n_supersedes;
};

struct notice {
    char id[NOTICE_ID_MAX + 1];
    enum notice_kind kind;
    enum lane lane;
    enum on_unknown on_unknown;
    bool lane_set, on_unknown_set; /* said by the producer, or filled in by notice_complete */
    /* canonical JSON of what the producer asked, before notice_complete: what "same content" compares; NULL = made here */
    char *asked;
    struct audience *to; /* NULL for cancel */
    struct notice_text *texts;
    size_t n_texts;
    struct notice_var *vars;
    size_t n_vars;
    char **channels; /* order of preference; empty = the configured order */
    size_t n_channels;
    int64_t send_at;   /* 0 = at once */
    int64_t not_after; /* always set after notice_complete */
    struct notice_alert alert;
    char cancels[NOTICE_ID_MAX + 1];
    char template_name[NOTICE_ID_MAX + 1];
    bool ask_rollcall;
    char ask_rsvp[NOTICE_ID_MAX + 1];
    char **choices; /* ask.choices: 2 to 9, no tabs; empty = none */
    size_t n_choices;
    int64_t ask_until;     /* ask.until; 0 = not_after */
    struct repeat *repeat; /* NULL unless this is a plan: it is kept, and each occurrence is a notice */
    char plan[NOTICE_ID_MAX + 1]; /* the plan that this is an occurrence of */
};

struct notice *notice_new(void);
void notice_free(struct notice *n);
bool notice_id_valid(const char *s, size_t n); /* [A-Za-z0-9._-]{1,64} */
/* The text for a language: exact, then the same primary language, then the one of no language, then Chinese (residents of whom nothing is known), then any. NULL when
 * there is none. */
const char *notice_text_for(const struct notice *n, const char *lang);
/* Fill what the producer left open (lane by kind and level, on_unknown by lane, not_after, an alert's text composed from official text and
 * advice) and check what must hold at ${now_at}: e.g. alert without issuer/issued_at/expires -> "alert-incomplete"; past not_after ->
 * "not-after-passed"; a text with a variable that neither vars nor residents have -> "unknown-variable"; empty text -> "no-text".
 * 0, or -1 with the contract's reason code. */
int notice_complete(struct notice *n, int64_t now_at, struct err *e) MUSTCHECK;

#endif
