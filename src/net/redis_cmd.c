#include "net/redis_cmd.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SPARE_MAX = 4096 };

void redis_cmds_init(struct redis_cmds *q)
{
    *q = (struct redis_cmds){.n_spare = 0};
    TAILQ_INIT(&q->waiting);
    TAILQ_INIT(&q->failed);
    TAILQ_INIT(&q->spare);
}

static void free_list(struct redis_cmd_list *list)
{
    struct redis_cmd *c;

    while ((c = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, c, entry);
        free(c);
    }
}

void redis_cmds_fini(struct redis_cmds *q)
{
    free_list(&q->waiting);
    free_list(&q->failed);
    free_list(&q->spare);
    q->n_live = q->n_spare = 0;
}

struct redis_cmd *redis_cmds_take(struct redis_cmds *q, redis_done_fn cb, void *arg)
{
    struct redis_cmd *c = TAILQ_FIRST(&q->spare);

    if (c != NULL) {
        TAILQ_REMOVE(&q->spare, c, entry);
        q->n_spare--;
    } else {
        c = xmalloc(sizeof(*c));
    }
    *c = (struct redis_cmd){.owner = q, .cb = cb, .arg = arg};
    return c;
}

void redis_cmds_give_back(struct redis_cmd *c)
{
    struct redis_cmds *q = c->owner;

    if (q->n_spare >= SPARE_MAX) {
        free(c);
        return;
    }
    TAILQ_INSERT_HEAD(&q->spare, c, entry);
    q->n_spare++;
}

void redis_cmds_complete(struct redis_cmd *c, const struct redis_answer *a)
{
    redis_done_fn cb = c->cb;
    void *arg = c->arg;

    if (cb != NULL && !c->internal)
        c->owner->n_live--;
    redis_cmds_give_back(c); /* before the callback: the handle ends here */
    if (cb != NULL)
        cb(arg, a);
}

void redis_cmds_fail(struct redis_cmd *c, enum redis_fault fault, const char *why)
{
    c->fault = fault;
    c->why = why;
    c->failed = true;
    TAILQ_INSERT_TAIL(&c->owner->failed, c, entry);
}

void redis_cmds_fail_all(struct redis_cmds *q, uint64_t written, const char *why)
{
    struct redis_cmd *c;

    while ((c = TAILQ_FIRST(&q->waiting)) != NULL) {
        TAILQ_REMOVE(&q->waiting, c, entry);
        if (c->cb == NULL || c->internal)
            redis_cmds_give_back(c);
        else
            redis_cmds_fail(c, c->end > written ? REDIS_NOT_SENT : REDIS_LOST, why);
    }
}

void redis_cmds_tell_failed(struct redis_cmds *q, const bool *stop)
{
    struct redis_cmd *c;
    size_t n = 0;

    TAILQ_FOREACH(c, &q->failed, entry)
    n++;
    while (n-- > 0 && !*stop && (c = TAILQ_FIRST(&q->failed)) != NULL) {
        struct redis_answer a = {.fault = c->fault, .value = NULL, .error = c->why};

        TAILQ_REMOVE(&q->failed, c, entry);
        redis_cmds_complete(c, &a);
    }
}

int64_t redis_cmds_deadline_us(const struct redis_cmds *q)
{
    const struct redis_cmd *c;
    int64_t first = 0;

    TAILQ_FOREACH(c, &q->waiting, entry)
    if (c->deadline_us != 0 && (first == 0 || c->deadline_us < first))
        first = c->deadline_us;
    return first;
}

/* "*3\r\n" or "$12\r\n" */
static void header(struct buf *b, char kind, size_t n)
{
    char text[24];
    size_t at = sizeof(text);

    text[--at] = '\n';
    text[--at] = '\r';
    do {
        text[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    text[--at] = kind;
    (void)buf_add(b, text + at, sizeof(text) - at);
}

int redis_cmds_format(struct buf *b, int argc, const char *const *argv, const size_t *lens)
{
    size_t before = b->len;

    header(b, '*', (size_t)argc);
    for (int i = 0; i < argc; i++) {
        size_t n = lens != NULL ? lens[i] : strlen(argv[i]);

        header(b, '$', n);
        (void)buf_add(b, argv[i], n);
        (void)buf_add(b, "\r\n", 2);
    }
    if (!b->overflow)
        return 0;
    b->len = before;
    b->overflow = false;
    return -1;
}
