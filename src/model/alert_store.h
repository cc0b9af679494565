/* The book of official warnings as it is kept, and what a message says as it is shown. Pure. */
#ifndef MODEL_ALERT_STORE_H
#define MODEL_ALERT_STORE_H

#include <jansson.h>

#include "model/alert_decide.h"

/* What is over and older than this is forgotten: a repeated message is stale long before. */
#define ALERT_FORGET_MS (14 * 24 * 3600 * 1000LL)

/* One line of JSON without what is forgotten at ${now_at}; the caller frees. */
char *alert_book_write(const struct alert_book *b, int64_t now_at);
/* Into an empty book; -1 with code "bad-book". alert_book_fini in any case. */
int alert_book_read(struct alert_book *b, const char *json, size_t n, struct err *e) MUSTCHECK;

/* A message with what became of it: the object of `crier alert inspect`. ${w} NULL for one that is not complete. */
json_t *alert_row(const struct cap_alert *a, const struct warning *w, const struct alert_verdict *v);

#endif
