#include "daemon/api_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000
#define CHUNK        16384
#define HIGH_WATER   (256u * 1024) /* not yet taken by the client: wait */

struct api_list {
    struct api_call *call;
    json_t *items;    /* not streamed */
    struct buf chunk; /* streamed, not yet handed over */
    bool text;
    size_t n, limit;
    loop_fn next; /* waiting for the client to take what is pending */
    void *next_arg;
    struct loop_task task;
    bool waiting;
};

static void list_free(struct api_list *l)
{
    struct api_call *c = l->call;

    loop_task_cancel(c->app->loop, &l->task);
    json_decref(l->items);
    buf_fini(&l->chunk);
    free(l);
    api_call_end(c);
}

/* The client went away. While a queue works for us we must stay; it will find `gone`. */
static void on_close(void *arg)
{
    struct api_list *l = arg;

    l->call->gone = true;
    if (l->waiting)
        list_free(l);
}

static void on_drained(void *arg)
{
    struct api_list *l = arg;

    l->waiting = false;
    l->next(l->next_arg);
}

static void on_task(void *arg)
{
    struct api_list *l = arg;

    if (!l->call->gone && httpd_stream_pending(l->call->req) > HIGH_WATER) {
        httpd_stream_when_drained(l->call->req, on_drained, l);
        return;
    }
    on_drained(l);
}

static struct api_list *list_new(struct api_call *c)
{
    struct api_list *l = xcalloc(1, sizeof(*l));

    l->call = c;
    l->limit = SIZE_MAX;
    l->task = (struct loop_task){.cb = on_task, .arg = l};
    buf_init(&l->chunk, 16u << 20);
    return l;
}

static void begin_stream(struct api_list *l, const char *type)
{
    struct api_call *c = l->call;

    c->streaming = true;
    c->status = 200;
    httpd_header_add(c->req, "X-Content-Type-Options", "nosniff");
    httpd_header_add(c->req, "Cache-Control", "no-store");
    httpd_stream_begin(c->req, 200, type, on_close, l);
}

struct api_list *api_list_new(struct api_call *c)
{
    const char *accept = httpd_header(c->req, "Accept");
    bool stream =
        api_call_flag(c, "stream") || (accept != NULL && strstr(accept, "application/x-ndjson") != NULL);
    struct api_list *l;
    int64_t limit;

    if (api_call_query_i64(c, "limit", 1, stream ? INT32_MAX : PAGE_MAX, stream ? 0 : PAGE_DEFAULT, &limit) !=
        0)
        return NULL;
    l = list_new(c);
    l->limit = limit != 0 ? (size_t)limit : SIZE_MAX;
    /* A stream begins with its first object, so that a list that fails at once is answered with a status of its own. */
    if (!stream)
        l->items = json_array();
    return l;
}

struct api_list *api_list_new_text(struct api_call *c, const char *type, const char *file_name)
{
    struct api_list *l = list_new(c);
    char *disposition = xasprintf("attachment; filename=\"%s\"", file_name);

    l->text = true;
    httpd_header_add(c->req, "Content-Disposition", disposition);
    free(disposition);
    begin_stream(l, type);
    return l;
}

struct api_call *api_list_call(struct api_list *l)
{
    return l->call;
}

size_t api_list_limit(const struct api_list *l)
{
    return l->limit;
}

bool api_list_full(const struct api_list *l)
{
    return l->n >= l->limit || l->call->gone;
}

static void flush(struct api_list *l)
{
    if (l->chunk.len > 0 && !l->call->gone)
        httpd_stream_chunk(l->call->req, l->chunk.data, l->chunk.len);
    buf_reset(&l->chunk);
}

bool api_list_bytes(struct api_list *l, const void *p, size_t n)
{
    if (!l->call->gone)
        buf_add(&l->chunk, p, n);
    if (l->chunk.len >= CHUNK)
        flush(l);
    return !l->call->gone;
}

static int add_text(const char *p, size_t n, void *arg)
{
    return buf_add(arg, p, n);
}

static void add_line(struct api_list *l, const json_t *item)
{
    if (l->call->gone)
        return;
    if (!l->call->streaming)
        begin_stream(l, "application/x-ndjson");
    json_dump_callback(item, add_text, &l->chunk, JSON_COMPACT);
    buf_chr(&l->chunk, '\n');
    if (l->chunk.len >= CHUNK)
        flush(l);
}

bool api_list_add(struct api_list *l, json_t *item)
{
    if (item == NULL)
        panic("an item that is no JSON");
    if (api_list_full(l)) {
        json_decref(item);
        return false;
    }
    l->n++;
    if (l->items != NULL) {
        json_array_append_new(l->items, item);
        return !api_list_full(l);
    }
    add_line(l, item);
    json_decref(item);
    return !api_list_full(l);
}

void api_list_more(struct api_list *l, loop_fn next, void *arg)
{
    if (l->call->gone) {
        list_free(l);
        return;
    }
    if (l->call->streaming)
        flush(l);
    l->next = next;
    l->next_arg = arg;
    l->waiting = true;
    loop_post(l->call->app->loop, &l->task);
}

static void end_stream(struct api_list *l, const struct queue_result *r)
{
    if (r != NULL && r->status != QUEUE_OK && !l->text) {
        int status;
        json_t *o = api_call_result_json(r, &status);
        add_line(l, o);
        json_decref(o);
        l->call->status = status;
    }
    if (l->call->gone)
        return;
    flush(l);
    /* A text list has no place for an error: the connection is broken off, so that nobody takes a part for the whole. */
    if (l->text && r != NULL && r->status != QUEUE_OK)
        httpd_drop(l->call->req);
    else
        httpd_stream_end(l->call->req);
}

void api_list_end(struct api_list *l, const struct queue_result *r)
{
    struct api_call *c = l->call;
    json_t *items = l->items;
    bool refused = r != NULL && r->status != QUEUE_OK;

    if (c->gone) {
        list_free(l);
        return;
    }
    if (!refused && items == NULL && !c->streaming)
        begin_stream(l, "application/x-ndjson"); /* an empty one */
    if (c->streaming) {
        end_stream(l, r);
        list_free(l);
        return;
    }
    l->items = NULL;
    buf_fini(&l->chunk);
    free(l);
    if (refused) {
        json_decref(items);
        api_call_refused(c, r);
    } else
        api_call_json(c, 200, json_pack("{s:o}", "items", items));
}

void api_list_on_done(void *list, const struct queue_result *r)
{
    api_list_end(list, r);
}
