#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "daemon/api_handlers.h"
#include "daemon/api_list.h"
#include "queue/people.h"
#include "text/csv.h"
#include "text/utf8.h"

/* The query is copied: while a long list flows its request may go away. */
struct walk {
    struct api_call *call;
    struct api_list *list;
    uint64_t after;
    char *tag, *area, *building;
    bool csv, dead;
};

static void walk_done(void *state)
{
    struct walk *w = state;

    free(w->tag);
    free(w->area);
    free(w->building);
}

static char *copy_query(const struct api_call *c, const char *name)
{
    const char *s = api_call_query(c, name);

    return s != NULL ? xstrdup(s) : NULL;
}

static struct walk *walk_new(struct api_call *c, struct api_list *l)
{
    struct walk *w = api_call_state(c, sizeof(*w));

    c->state_free = walk_done;
    w->call = c;
    w->list = l;
    return w;
}

static void read_filters(struct walk *w)
{
    w->tag = copy_query(w->call, "tag");
    w->area = copy_query(w->call, "area");
    w->building = copy_query(w->call, "building");
    w->dead = api_call_flag(w->call, "dead");
}

static bool wanted(const struct walk *w, const struct resident *r)
{
    return (!w->dead || r->dead != 0) && (w->tag == NULL || resident_has_tag(r, w->tag)) &&
           (w->area == NULL || resident_in_area(r, w->area)) &&
           (w->building == NULL || strcmp(w->building, r->building) == 0);
}

/* ---- as CSV: what `resident import` reads ---- */

static void csv_joined(struct buf *out, const char *const *list, size_t n)
{
    struct buf joined = BUF_INIT(4096);

    for (size_t i = 0; i < n; i++) {
        buf_str(&joined, i > 0 ? ";" : "");
        buf_str(&joined, list[i]);
    }
    csv_cell(out, buf_cstr(&joined), joined.len);
    buf_fini(&joined);
}

static void csv_ids(struct buf *out, const char *ids)
{
    char list[sizeof(((struct resident *)NULL)->wechat)];
    size_t n = strlen(ids);

    for (size_t i = 0; i <= n; i++)
        list[i] = (char)(ids[i] == ' ' ? ';' : ids[i]);
    csv_cell(out, list, n);
}

static void csv_line(struct buf *out, const struct resident *r, bool full)
{
    const char *const fields[] = {r->area, r->building};
    const char *phones[RESIDENT_PHONES], *tags[RESIDENT_TAGS];
    char masked[RESIDENT_PHONES][PHONE_MAX];

    for (size_t i = 0; i < r->n_phones; i++) {
        phone_mask(r->phones[i], masked[i]);
        phones[i] = full ? r->phones[i] : masked[i];
    }
    for (size_t i = 0; i < r->n_tags; i++)
        tags[i] = r->tags[i];
    csv_cell(out, r->name, strlen(r->name));
    buf_chr(out, ',');
    csv_joined(out, phones, r->n_phones);
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        buf_chr(out, ',');
        csv_cell(out, fields[i], strlen(fields[i]));
    }
    buf_chr(out, ',');
    csv_joined(out, tags, r->n_tags);
    buf_chr(out, ',');
    csv_cell(out, r->lang, strlen(r->lang));
    buf_chr(out, ',');
    csv_ids(out, r->wechat);
    buf_chr(out, ',');
    csv_ids(out, r->wecom);
    buf_str(out, "\r\n");
}

/* ---- walking ---- */

static void on_each(void *arg, const struct resident *r)
{
    struct walk *w = arg;

    if (api_list_full(w->list) || !wanted(w, r))
        return;
    if (w->csv) {
        struct buf line = BUF_INIT(16384);
        csv_line(&line, r, w->call->full);
        api_list_bytes(w->list, buf_cstr(&line), line.len);
        buf_fini(&line);
    } else
        api_list_add(w->list, resident_json(r, !w->call->full));
}

static void step(void *arg);

static void on_block(void *arg, const struct queue_result *r, uint64_t next)
{
    struct walk *w = arg;

    w->after = next;
    if (r->status != QUEUE_OK || next == 0 || api_list_full(w->list))
        api_list_end(w->list, r);
    else
        api_list_more(w->list, step, w);
}

static void step(void *arg)
{
    struct walk *w = arg;

    people_walk(w->call->q, w->after, on_each, on_block, w);
}

void api_residents_list(struct api_call *c)
{
    struct api_list *l;
    struct walk *w;

    if (api_call_flag(c, "duplicates")) {
        api_duplicates_list(c);
        return;
    }
    l = api_list_new(c);
    if (l == NULL)
        return;
    w = walk_new(c, l);
    read_filters(w);
    step(w);
}

void api_residents_export(struct api_call *c)
{
    static const char header[] = "\xEF\xBB\xBFname,phone,area,building,tags,language,wechat,wecom\r\n";
    struct walk *w = walk_new(c, NULL);

    read_filters(w);
    w->csv = true;
    w->list = api_list_new_text(c, "text/csv; charset=utf-8", "residents.csv");
    api_list_bytes(w->list, header, sizeof(header) - 1);
    step(w);
}

/* ---- one ---- */

static void on_shown(void *arg, const struct queue_result *r)
{
    struct walk *w = arg;

    api_list_end(w->list, r);
}

/* By number: all who share it. By id: one. Always a list. */
void api_residents_show(struct api_call *c)
{
    const char *given = c->match.params[0], *phones[1];
    bool is_phone = given[0] == '+' || strlen(given) >= 11;
    int64_t id = 0;
    uint64_t ids[1];
    char phone[PHONE_MAX];
    struct err e;
    struct api_list *l;

    if (is_phone ? phone_normalise(given, strlen(given), phone, &e) != 0
                 : num_i64(given, 1, INT64_MAX, &id) != 0) {
        if (!is_phone)
            err_set(&e, "bad-id", "id",
                    "'%.40s' is neither the id of a resident (a number) nor a mobile number", given);
        api_call_err(c, &e);
        return;
    }
    l = api_list_new(c);
    if (l == NULL)
        return;
    struct walk *w = walk_new(c, l);
    phones[0] = phone;
    ids[0] = (uint64_t)id;
    if (is_phone)
        people_by_phones(c->q, phones, 1, on_each, on_shown, w);
    else
        people_by_ids(c->q, ids, 1, on_each, on_shown, w);
}
