#include "tests/support/ear.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, GOT_MAX = 64 * 1024 * 1024 };

void ear_dial(struct ear *e, struct loop *l, int port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    *e = (struct ear){.loop = l, .got = BUF_INIT(GOT_MAX)};
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    e->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (e->fd < 0 || connect(e->fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
        fcntl(e->fd, F_SETFL, O_NONBLOCK) != 0)
        panic("ear: %s", strerror(errno));
}

void ear_say(struct ear *e, const char *text)
{
    if (send(e->fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        panic("ear: the server does not take it: %s", strerror(errno));
}

bool ear_has(const struct ear *e, const char *text)
{
    return memmem(buf_cstr(&e->got), e->got.len, text, strlen(text)) != NULL;
}

bool ear_ended(struct ear *e)
{
    char bytes[65536];
    ssize_t n;

    while ((n = recv(e->fd, bytes, sizeof(bytes), 0)) > 0)
        if (buf_add(&e->got, bytes, (size_t)n) < 0)
            panic("ear: the answer is too long");
    e->eof = n == 0 || (n < 0 && errno != EAGAIN);
    return e->eof;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

void ear_listen(struct ear *e, const char *until)
{
    int64_t deadline = loop_now_us() + (int64_t)PATIENCE_MS * 1000;

    while (!ear_ended(e) && (until == NULL || !ear_has(e, until)) && loop_now_us() < deadline)
        loop_run_until(e->loop, never, NULL, 2);
    if (until == NULL ? !e->eof : !ear_has(e, until))
        panic("ear: \"%s\" did not come, only \"%.300s\"", until != NULL ? until : "the end",
              buf_cstr(&e->got));
}

void ear_hang_up(struct ear *e)
{
    close(e->fd);
    buf_fini(&e->got);
}
