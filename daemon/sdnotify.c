#include "daemon/sdnotify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

enum { STATUS_MAX = 200 };

struct sdnotify {
    struct loop *loop;
    struct sockaddr_un to;
    socklen_t to_len;
    int fd;              /* -1: no service manager */
    int64_t watchdog_us; /* 0: none */
    struct loop_timer *timer;
    bool (*alive)(void *arg);
    void *arg;
    char status[STATUS_MAX + 1];
};

static void send_text(const struct sdnotify *s, const char *text)
{
    if (s->fd < 0)
        return;
    while (sendto(s->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&s->to,
                  s->to_len) < 0)
        if (errno != EINTR)
            return;
}

/* "/run/systemd/notify" or "@abstract". */
static int address(struct sdnotify *s, const char *name)
{
    size_t n = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || n < 2 || n >= sizeof(s->to.sun_path))
        return -1;
    s->to.sun_family = AF_UNIX;
    memcpy(s->to.sun_path, name, n);
    if (name[0] == '@')
        s->to.sun_path[0] = '\0';
    /* an abstract name is as long as it says, a path ends with its NUL */
    s->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (name[0] == '@' ? 0 : 1));
    return 0;
}

static void arm(struct sdnotify *s)
{
    loop_timer_arm_us(s->timer, s->watchdog_us / 3);
}

static void on_timer(void *arg)
{
    struct sdnotify *s = arg;

    if (s->alive == NULL || s->alive(s->arg))
        send_text(s, "WATCHDOG=1");
    else
        log_error("watchdog.starved", "reason=dispatcher-stuck");
    arm(s);
}

static int64_t watchdog_period(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t us = 0, whose = 0;

    if (usec == NULL || num_i64(usec, 1, INT64_MAX, &us) != 0)
        return 0;
    if (pid != NULL && (num_i64(pid, 1, INT32_MAX, &whose) != 0 || whose != getpid()))
        return 0; /* meant for another process of the service */
    return us;
}

struct sdnotify *sdnotify_new(struct loop *l, bool (*alive)(void *arg), void *arg)
{
    struct sdnotify *s = xcalloc(1, sizeof(*s));
    const char *name = getenv("NOTIFY_SOCKET");

    s->loop = l;
    s->alive = alive;
    s->arg = arg;
    s->fd = -1;
    if (name != NULL && address(s, name) == 0)
        s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s->fd >= 0)
        s->watchdog_us = watchdog_period();
    if (s->watchdog_us > 0) {
        s->timer = loop_timer_new(l, on_timer, s);
        arm(s);
    }
    /* not for children: an embedded Redis must not speak in our name */
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return s;
}

void sdnotify_free(struct sdnotify *s)
{
    if (s == NULL)
        return;
    loop_timer_free(s->timer);
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}

bool sdnotify_used(const struct sdnotify *s)
{
    return s->fd >= 0;
}

void sdnotify_ready(struct sdnotify *s)
{
    send_text(s, "READY=1");
}

void sdnotify_reloading(struct sdnotify *s)
{
    char text[80];
    int n = snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_us());

    if (n > 0 && (size_t)n < sizeof(text))
        send_text(s, text);
}

void sdnotify_stopping(struct sdnotify *s)
{
    send_text(s, "STOPPING=1");
}

void sdnotify_status(struct sdnotify *s, const char *fmt, ...)
{
    char status[STATUS_MAX + 1], text[STATUS_MAX + 16];
    va_list ap;
    int n;

    if (s->fd < 0)
        return;
    va_start(ap, fmt);
    n = vsnprintf(status, sizeof(status), fmt, ap); /* cut: it is one line on a screen */
    va_end(ap);
    if (n < 0)
        return;
    for (char *c = status; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    if (strcmp(status, s->status) == 0)
        return;
    memcpy(s->status, status, sizeof(status));
    n = snprintf(text, sizeof(text), "STATUS=%s", status);
    if (n > 0 && (size_t)n < sizeof(text))
        send_text(s, text);
}
