/* What the tests of a driver do with it: a message, the verdict on an answer, a callback and what it told. */
#ifndef TESTS_SUPPORT_DRIVER_BED_H
#define TESTS_SUPPORT_DRIVER_BED_H

#include "provider/drivers.h"

#define DRIVER_TOLD_MAX 16

/* What one callback told. */
struct driver_told {
    struct provider_receipt receipts[DRIVER_TOLD_MAX];
    struct provider_reply replies[DRIVER_TOLD_MAX]; /* without their texts: */
    char texts[DRIVER_TOLD_MAX][2048];
    size_t n_receipts, n_replies, n_bad;
    char bad[sizeof(((struct err *)0)->msg)]; /* why the last bad item is none */
    char ack[400], ack_type[60];              /* "" = as the contract has it */
};

struct provider_msg driver_msg(const char *to, const char *text, const char *ref);
/* A header of a request that was built. */
void driver_has_header(const struct provider_request *r, const char *line);
/* Judge an answer to ${n} messages. */
void driver_judge(const struct driver *d, const struct provider_conf *c, const struct provider_msg *m,
                  size_t n, int status, const char *body, int64_t retry_after_ms, struct provider_verdict *v);
/* What the driver says to ${in}; its body is text, its length is found here. */
int driver_call(const struct driver *d, const struct provider_conf *c, struct provider_callback in,
                struct driver_told *told, struct err *e);

/* Codes that are judged alike: "40001 40014". */
struct driver_class {
    enum verdict verdict;
    bool stale;
    enum provider_about about;
    const char *codes;
};
/* Each code, in an answer with ${status} and the body that ${form} makes of it (one %s), is judged so for each of ${n} messages, and told. The number of codes. */
size_t driver_check_classes(const struct driver *d, const struct provider_conf *c,
                            const struct provider_msg *m, size_t n, int status, const char *form,
                            const struct driver_class *rows, size_t n_rows);

#endif
