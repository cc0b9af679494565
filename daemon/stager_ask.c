/* A notice that asks (ask.rsvp, ask.rollcall): the people of a page are remembered as asked before the page is stored, so that nobody's answer is faster than the question. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/stager_int.h"
#include "queue/replies.h"

#define ROLLCALL_AFTER_MS 43200000 /* answers are taken half a day longer than the notice is sent */

bool stager_asks(const struct stager *s)
{
    return s->notice != NULL && (s->notice->ask_rollcall || s->notice->ask_rsvp[0] != '\0');
}

static void on_asked(void *arg, const struct queue_result *r)
{
    struct stager *s = arg;

    if (r->status == QUEUE_UNAVAILABLE || r->status == QUEUE_UNSURE)
        loop_timer_arm_ms(s->again,
                          STAGER_AGAIN_MS); /* the page still wants to be put: this is asked again */
    else
        stager_put(s);
}

/* The telephone numbers of a page, one per line that has one; cut out of ${copy}. */
static size_t numbers(char *copy, const char **phones, size_t max)
{
    size_t n = 0;

    for (char *line = copy; *line != '\0' && n < max;) {
        size_t len = strcspn(line, "\n"), first = strcspn(line, " \t\n");
        char *next = line + len + (line[len] == '\n');

        if (line[0] == '+') {
            line[first] = '\0';
            phones[n++] = line;
        }
        line = next;
    }
    return n;
}

void stager_ask(struct stager *s)
{
    const struct buf *page = &s->pages[1 - s->filling];
    char *copy = xstrndup(page->len != 0 ? page->data : "", page->len);
    const char **phones = xcalloc(STAGER_PAGE + STAGER_CHUNK, sizeof(*phones));
    size_t n = numbers(copy, phones, STAGER_PAGE + STAGER_CHUNK);
    int64_t until = s->notice->ask_rollcall ? s->notice->not_after + ROLLCALL_AFTER_MS : 0;

    replies_ask(s->o.queue, phones, n, s->notice->ask_rsvp[0] != '\0' ? s->notice->ask_rsvp : NULL, until,
                on_asked, s);
    free(phones);
    free(copy);
}
