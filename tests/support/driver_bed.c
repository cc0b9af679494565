#include "tests/support/driver_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

struct provider_msg driver_msg(const char *to, const char *text, const char *ref)
{
    return (struct provider_msg){
        .to = to, .text = text, .text_len = strlen(text), .ref = ref, .lane = LANE_NORMAL};
}

void driver_has_header(const struct provider_request *r, const char *line)
{
    for (size_t i = 0; r->header_list[i] != NULL; i++)
        if (strcmp(r->header_list[i], line) == 0)
            return;
    fail_msg("no header \"%s\"", line);
}

/* Exactly so long: sanitizers see a read past it. */
static char *exact(const char *text)
{
    return xmemdup(text, strlen(text) + (text[0] == '\0'));
}

void driver_judge(const struct driver *d, const struct provider_conf *c, const struct provider_msg *m,
                  size_t n, int status, const char *body, int64_t retry_after_ms, struct provider_verdict *v)
{
    char *bytes = exact(body);
    struct http_answer a = {.outcome = HTTP_ANSWERED,
                            .status = status,
                            .body = bytes,
                            .body_len = strlen(body),
                            .retry_after_ms = retry_after_ms};

    for (size_t i = 0; i < n; i++)
        v[i] = (struct provider_verdict){.verdict = VERDICT_UNKNOWN, .retry_after_ms = -1};
    d->classify(c, m, n, &a, v);
    free(bytes);
}

static void on_receipt(void *arg, const struct provider_receipt *r)
{
    struct driver_told *t = arg;

    assert_true(t->n_receipts < DRIVER_TOLD_MAX);
    t->receipts[t->n_receipts++] = *r;
}

static void on_reply(void *arg, const struct provider_reply *r)
{
    struct driver_told *t = arg;

    assert_true(t->n_replies < DRIVER_TOLD_MAX && r->text_len < sizeof(t->texts[0]));
    memcpy(t->texts[t->n_replies], r->text_len > 0 ? r->text : "", r->text_len);
    t->texts[t->n_replies][r->text_len] = '\0';
    t->replies[t->n_replies] = *r;
    t->replies[t->n_replies++].text = NULL;
}

static void on_bad(void *arg, const struct provider_bad *b)
{
    struct driver_told *t = arg;

    assert_true(b->len > 0 && b->why->code[0] != '\0');
    memcpy(t->bad, b->why->msg, sizeof(t->bad));
    t->n_bad++;
}

int driver_call(const struct driver *d, const struct provider_conf *c, struct provider_callback in,
                struct driver_told *told, struct err *e)
{
    const struct provider_sink sink = {
        .receipt = on_receipt, .reply = on_reply, .bad_receipt = on_bad, .bad_reply = on_bad, .arg = told};
    struct provider_ack ack = {.body = BUF_INIT(sizeof(told->ack) - 1)};
    char *bytes = exact(in.body);
    int rc;

    memset(told, 0, sizeof(*told));
    memset(e, 0, sizeof(*e));
    in.body_len = strlen(in.body);
    in.body = bytes;
    rc = d->callback(c, &in, &sink, &ack, e);
    memcpy(told->ack, buf_cstr(&ack.body), ack.body.len + 1);
    assert_true(snprintf(told->ack_type, sizeof(told->ack_type), "%s", ack.type != NULL ? ack.type : "") >=
                0);
    buf_fini(&ack.body);
    free(bytes);
    return rc;
}

static char *fill(const char *form, const char *code)
{
    const char *at = strstr(form, "%s");

    assert_non_null(at);
    return xasprintf("%.*s%s%s", (int)(at - form), form, code, at + 2);
}

static void check_code(const struct driver_class *row, const char *code, const struct provider_verdict *v)
{
    if (v->verdict != row->verdict || v->stale_token != row->stale || v->about != row->about ||
        v->scope != THROTTLE_ACCOUNT ||
        (row->verdict != VERDICT_SENT && strncmp(v->detail, code, strlen(code)) != 0))
        fail_msg("%s: %s, stale %d, about %d, scope %d (%s)", code, verdict_name(v->verdict), v->stale_token,
                 v->about, v->scope, v->detail);
}

size_t driver_check_classes(const struct driver *d, const struct provider_conf *c,
                            const struct provider_msg *m, size_t n, int status, const char *form,
                            const struct driver_class *rows, size_t n_rows)
{
    struct provider_verdict v[8];
    size_t n_codes = 0;

    assert_true(n <= ARRAY_LEN(v));
    for (size_t i = 0; i < n_rows; i++) {
        char *list = xstrdup(rows[i].codes), *save = NULL;

        for (char *code = strtok_r(list, " ", &save); code != NULL; code = strtok_r(NULL, " ", &save)) {
            char *body = fill(form, code);

            driver_judge(d, c, m, n, status, body, -1, v);
            free(body);
            for (size_t k = 0; k < n; k++)
                check_code(&rows[i], code, &v[k]);
            n_codes++;
        }
        free(list);
    }
    return n_codes;
}
