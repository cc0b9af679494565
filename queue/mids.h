/* Providers' message ids, for APIs whose receipts name their own id and do not echo our reference.
 *
 * Hides: keys `mid:` and `early:`. Receipts may come before the answer that told the id: they are held for an hour. */
#ifndef QUEUE_MIDS_H
#define QUEUE_MIDS_H

#include "queue/queue.h"

#define MIDS_KEPT_MS (72 * 3600000ll) /* the longest time after which carriers still report */
#define MIDS_ID_MAX  200

/* What a receipt can be found by: the provider's id, and the recipient's number where one id stands for a whole request. false when it does not fit. */
bool mids_key(char out[MIDS_ID_MAX], const char *id, const char *to);

struct mid {
    char key[MIDS_ID_MAX];
    const char *ref; /* "NOTICE.INDEX.ATTEMPT" */
};
/* Remember; at most 1,000. ${held}: a receipt that came before, now to be taken with queue_receipt. Borrowed until this returns. */
void mids_put(struct queue *q, const char *provider, const struct mid *list, size_t n,
              void (*held)(void *arg, const char *ref, const struct queue_report *report), queue_done_fn cb,
              void *arg);
/* Take a receipt by id: finds the reference and does what queue_receipt does with it; code "no-such-id" when it is held instead. ${notice} (as queue_receipt knows it) is
 * valid in the completion, "" when unknown. */
typedef void (*mids_receipt_fn)(void *arg, const struct queue_result *r, const char *notice);
void mids_receipt(struct queue *q, const char *provider, const char *key, const struct queue_report *report,
                  mids_receipt_fn cb, void *arg);

/* "NOTICE.INDEX.ATTEMPT" in its parts; a notice's id may hold dots itself. false: it is none of ours. */
bool mids_ref_parse(const char *ref, char notice[NOTICE_ID_MAX + 1], uint64_t *index, uint32_t *attempt);

#endif
