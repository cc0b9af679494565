/* A notice that asks (ask.rsvp, ask.rollcall, ask.choices): the people of a page are remembered as asked before the page is stored, so that nobody's answer is faster than the question. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/stager_int.h"
#include "queue/replies.h"

enum {
    ASK_MAX = 1000,
    AFTER_MS = 43200000 /* a roll-call takes answers half a day longer than it is sent */
};

bool stager_asks(const struct stager *s)
{
    return s->notice != NULL &&
           (s->notice->ask_rollcall || s->notice->ask_rsvp[0] != '\0' || s->notice->n_choices != 0);
}

void stager_ask_fini(struct stager *s)
{
    free(s->asked_lines);
    free(s->asked);
    s->asked_lines = NULL;
    s->asked = NULL;
    s->n_asked = s->asked_at = 0;
}

/* The first telephone number of every line of the page that has one. */
static void cut_up(struct stager *s, const struct buf *page)
{
    size_t cap = 0;

    stager_ask_fini(s);
    s->asked_lines = xstrndup(page->len != 0 ? page->data : "", page->len);
    for (char *line = s->asked_lines, *next; *line != '\0'; line = next) {
        size_t first = strcspn(line, " \t\n");

        next = line + strcspn(line, "\n");
        next += *next == '\n';
        if (line[0] != '+')
            continue;
        if (s->n_asked == cap) {
            cap = cap != 0 ? 2 * cap : 128;
            s->asked = xrealloc(s->asked, cap * sizeof(*s->asked));
        }
        line[first] = '\0';
        s->asked[s->n_asked++] = line;
    }
}

static void ask_some(struct stager *s);

static void on_asked(void *arg, const struct queue_result *r)
{
    struct stager *s = arg;

    if (s->ended) {
        s->putting = false;
        stager_over(s, r, true);
        return;
    }
    if (r->status == QUEUE_UNAVAILABLE || r->status == QUEUE_UNSURE)
        stager_put_again(s); /* all of the page is asked again: that changes nothing */
    else
        ask_some(s);
}

/* Separated by tabs, which no choice holds. */
static void join_choices(struct buf *out, const struct notice *n)
{
    for (size_t i = 0; i < n->n_choices; i++)
        (void)buf_fmt(out, "%s%s", i != 0 ? "\t" : "", n->choices[i]);
}

static void ask_some(struct stager *s)
{
    size_t n = s->n_asked - s->asked_at < ASK_MAX ? s->n_asked - s->asked_at : ASK_MAX, at = s->asked_at;
    const struct notice *notice = s->notice;
    struct buf choices = BUF_INIT(2048);

    if (n == 0) {
        stager_asked(s);
        return;
    }
    s->asked_at += n;
    join_choices(&choices, notice);
    replies_ask(
        s->o.queue, &s->asked[at], n,
        &(struct replies_question){.activity = notice->ask_rsvp[0] != '\0' ? notice->ask_rsvp : NULL,
                                   .rollcall_until = notice->ask_rollcall ? notice->not_after + AFTER_MS : 0,
                                   .notice = notice->n_choices != 0 ? notice->id : NULL,
                                   .choices = buf_cstr(&choices),
                                   .until = notice->ask_until != 0 ? notice->ask_until : notice->not_after},
        on_asked, s);
    buf_fini(&choices);
}

void stager_ask(struct stager *s, const struct buf *page)
{
    cut_up(s, page);
    ask_some(s);
}
