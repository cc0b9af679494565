/* The catalogue of answers: one row per text, one column per language. Included by registry.c and its test. */
#ifndef MODEL_REGISTRY_TEXTS_H
#define MODEL_REGISTRY_TEXTS_H

enum registry_lang { REGISTRY_ZH, REGISTRY_EN };
#define REGISTRY_LANGS 2

enum registry_text_id {
    TEXT_CONFIRMED,
    TEXT_WAITING,
    TEXT_WAITING_PARTY, /* seats are left, not enough of them */
    TEXT_WAITING_TURN,  /* seats are left; others wait before */
    TEXT_LEFT,
    TEXT_ALREADY_CONFIRMED,
    TEXT_ALREADY_WAITING,
    TEXT_CHANGED_CONFIRMED,
    TEXT_CHANGED_WAITING,
    TEXT_NOT_REGISTERED,
    TEXT_NOT_OPEN, /* with its window */
    TEXT_CLOSED,   /* without one */
    TEXT_LEAVE_CLOSED,
    TEXT_NO_ACTIVITY,
    TEXT_TOO_MANY,
    TEXT_CANCELLED,
    TEXT_NOT_ELIGIBLE,
    TEXT_SIGNED_IN,
    TEXT_SIGNED_ALREADY,
    TEXT_SIGN_NO_SEAT,
    TEXT_SIGN_WRONG,
    TEXT_SIGN_NOT_NOW,
    TEXT_PROMOTED,
    TEXT_OFFERED, /* moved up, to be confirmed */
    TEXT_LAPSED,  /* it was not */
    TEXT_CHOICE_JOIN,
    TEXT_CHOICE_LEAVE,
    TEXT_CHOICE_ROLLCALL,     /* a number that a roll-call and an invitation both ask for */
    TEXT_CHOICE_ROLLCALL_ASK, /* the same with a question that has choices */
    TEXT_CHOICE_ANSWER,
    TEXT_CHOICE_ITEM,
    TEXT_CHOICE_OF,
    TEXT_ANSWERED,
    TEXT_OWN_NONE,
    TEXT_OWN,
    TEXT_OWN_CONFIRMED,
    TEXT_OWN_WAITING,
    TEXT_OWN_OFFERED,
    TEXT_HELP,
    TEXT_HELP_NONE,
    TEXT_STOP,
    TEXT_STOP_ALREADY,
    TEXT_START,
    TEXT_START_ALREADY,
    TEXT_NONE_OPEN,
    TEXT_SAFE,
    TEXT_SOS,
    /* news for those registered and waiting */
    TEXT_MOVED,
    TEXT_MOVED_FROM_NOWHERE, /* it had no place before */
    TEXT_OFF,
    TEXT_OFF_BECAUSE,
    TEXT_REMINDER,
    /* parts */
    TEXT_PLACE_ONE,
    TEXT_PLACE_MANY,
    TEXT_PARTY,
    TEXT_WHEN,
    TEXT_WHEN_WHERE,
    TEXT_AT_WHEN,
    TEXT_AT_WHERE,
    TEXT_AT_WHEN_WHERE,
    TEXT_TIME,
    TEXT_FEE,
    TEXT_MAP,
    TEXT_FOR_AREAS,
    TEXT_FOR_TAGS_AREAS,
    TEXT_ITEM_SEPARATOR,
    TEXT_TITLE_SEPARATOR,
    REGISTRY_TEXT_N
};

/* {name} is replaced by a value. */
extern const char *const registry_texts[REGISTRY_TEXT_N][REGISTRY_LANGS];

#endif
