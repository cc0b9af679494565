#include "net/redis_wire.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/redis_cmd.h"

#include <hiredis/hiredis.h>

enum {
    READ_BYTES = 64 * 1024,
    READS_PER_TURN = 16,
    OUTPUT_MAX = 8 * 1024 * 1024,   /* commands not yet taken by the socket */
    ANSWER_MAX = 256 * 1024 * 1024, /* one answer; more is no Redis of ours */
    OUTPUT_KEPT = 256 * 1024,
    ELEMENTS_MAX = 1 << 20 /* of one array in an answer */
};

/* hiredis 0.14 makes room for as many elements as an answer announces, and walks through them to free them: "*1000000000" costs a minute. */
static redisReplyObjectFunctions limited;
static void *(*create_any_array)(const redisReadTask *task, int n);

static void *create_array(const redisReadTask *task, int n)
{
    return n <= ELEMENTS_MAX ? create_any_array(task, n) : NULL;
}

static redisReader *new_reader(void)
{
    redisReader *r = redisReaderCreate();

    if (r == NULL)
        panic("out of memory");
    if (create_any_array == NULL) {
        limited = *r->fn;
        create_any_array = limited.createArray;
        limited.createArray = create_array;
    }
    r->fn = &limited;
    return r;
}

void redis_wire_init(struct redis_wire *w, struct loop *l, const struct redis_wire_ops *ops, void *arg)
{
    *w = (struct redis_wire){.loop = l, .ops = ops, .arg = arg, .fd = -1};
    buf_init(&w->out, OUTPUT_MAX);
}

void redis_wire_close(struct redis_wire *w)
{
    if (w->fd < 0)
        return;
    event_free(w->ev_read);
    event_free(w->ev_write);
    w->ev_read = w->ev_write = NULL;
    redisReaderFree(w->reader);
    w->reader = NULL;
    close(w->fd);
    w->fd = -1;
    w->open = false;
    buf_fini(&w->out);
    w->out_at = 0;
}

/* All answers that are complete. false when the connection has ended. */
static bool answer_all(struct redis_wire *w)
{
    const redisReader *before = w->reader;

    for (;;) {
        void *reply = NULL;

        if (redisReaderGetReply(w->reader, &reply) != 0) {
            w->ops->on_end(w->arg, "the answer is not Redis' protocol");
            return false;
        }
        if (reply == NULL)
            break;
        w->ops->on_answer(w->arg, reply);
        if (w->reader != before)
            return false;
    }
    if (w->reader->len - w->reader->pos > ANSWER_MAX) {
        w->ops->on_end(w->arg, "an answer is larger than 256 MiB");
        return false;
    }
    return true;
}

bool redis_wire_read(struct redis_wire *w)
{
    static char bytes[READ_BYTES]; /* one thread, and not kept */

    for (int i = 0; i < READS_PER_TURN; i++) {
        ssize_t n = recv(w->fd, bytes, sizeof(bytes), 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return true;
        if (n <= 0) {
            w->ops->on_end(w->arg, n == 0 ? "Redis closed the connection" : strerror(errno));
            return false;
        }
        if (redisReaderFeed(w->reader, bytes, (size_t)n) != 0)
            panic("out of memory");
        if (!answer_all(w))
            return false;
        if ((size_t)n < sizeof(bytes))
            return true;
    }
    return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct redis_wire *w = arg;

    (void)fd;
    (void)what;
    loop_enter(w->loop);
    redis_wire_read(w);
}

static void watch(struct event *ev)
{
    if (event_add(ev, NULL) != 0)
        panic("cannot watch a descriptor");
}

void redis_wire_flush(struct redis_wire *w)
{
    if (!w->open || w->out_at == w->out.len)
        return;
    while (w->out_at < w->out.len) {
        ssize_t n = send(w->fd, w->out.data + w->out_at, w->out.len - w->out_at, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            watch(w->ev_write);
            return;
        }
        if (n < 0) {
            w->ops->on_end(w->arg, strerror(errno));
            return;
        }
        w->out_at += (size_t)n;
        w->n_written += (uint64_t)n;
    }
    if (w->out.cap > OUTPUT_KEPT)
        buf_fini(&w->out);
    buf_reset(&w->out);
    w->out_at = 0;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct redis_wire *w = arg;
    int cause = 0;
    socklen_t len = sizeof(cause);

    (void)what;
    loop_enter(w->loop);
    if (w->open) {
        redis_wire_flush(w);
        return;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &len) < 0)
        cause = errno;
    if (cause != 0) {
        w->ops->on_end(w->arg, strerror(cause));
        return;
    }
    w->open = true;
    watch(w->ev_read);
    w->ops->on_open(w->arg);
}

void redis_wire_begin(struct redis_wire *w, int fd)
{
    w->fd = fd;
    w->n_out = w->n_written = 0;
    w->reader = new_reader();
    w->ev_read = event_new(loop_base(w->loop), fd, EV_READ | EV_PERSIST, on_readable, w);
    w->ev_write = event_new(loop_base(w->loop), fd, EV_WRITE, on_writable, w);
    if (w->reader == NULL || w->ev_read == NULL || w->ev_write == NULL)
        panic("out of memory");
    w->reader->maxbuf = READ_BYTES; /* a buffer of this size is kept between answers */
    watch(w->ev_write);
}

/* Move what is not yet written to the front. */
static void compact(struct redis_wire *w)
{
    size_t left = w->out.len - w->out_at;

    if (w->out_at == 0)
        return;
    memmove(w->out.data, w->out.data + w->out_at, left);
    w->out.len = left;
    w->out_at = 0;
}

int redis_wire_queue(struct redis_wire *w, int argc, const char *const *argv, const size_t *lens)
{
    size_t before = w->out.len;

    if (redis_cmds_format(&w->out, argc, argv, lens) < 0) {
        compact(w);
        before = w->out.len;
        if (redis_cmds_format(&w->out, argc, argv, lens) < 0)
            return -1;
    }
    w->n_out += w->out.len - before;
    return 0;
}
