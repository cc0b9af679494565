/* Life of the server, seen from here. One function, `look`, finds out where we are and does the next step; it runs from a timer and when
 * the server's pidfd says that it died.
 *
 *   data.lock free ──────────▶ spawn (the child takes data.lock and keeps it over exec)
 *   data.lock taken ─▶ connect to the socket ─▶ SO_PEERCRED tells the pid ─▶ watch its pidfd ─▶ on_ready
 *   pidfd readable ─▶ reap it when it is our child ─▶ on_down ─▶ from the beginning, after a pause that grows
 */
#include "daemon/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum {
    LOOK_MS = 20,
    PAUSE_MIN_MS = 100,
    PAUSE_MAX_MS = 5000,
    STEADY_MS = 10000,
    STOP_MS = 10000,
    WARN_MS = 10000,
    LOCK_FD = 3
};

struct embedded {
    struct embedded_opts o;
    char *state_dir, *dir, *url, *program;
    struct sockaddr_un socket;
    int users_lock; /* shared by all daemons of this directory: exclusive = nobody else */
    pid_t child;    /* ours to reap, 0 = none */
    pid_t server;   /* what listens, 0 = nothing */
    int pidfd;      /* of server or child, -1 = none */
    struct loop_fd *death;
    struct loop_timer *timer;
    int64_t pause_ms, up_at, waiting_since;
};

/* Relative to the server's working directory, so that no path has to be quoted. `save ""`: the AOF alone is the truth. Blocks of 100 residents
 * stay compact (queue/SCHEMA.md 6) by the option whose name 6.2 and 7 both know. */
static const char server_conf[] = "# Written by crierd at every start.\n"
                                  "port 0\n"
                                  "unixsocket redis.sock\n"
                                  "unixsocketperm 700\n"
                                  "daemonize no\n"
                                  "logfile redis.log\n"
                                  "appendonly yes\n"
                                  "appendfsync always\n"
                                  "no-appendfsync-on-rewrite no\n"
                                  "aof-use-rdb-preamble yes\n"
                                  "save \"\"\n"
                                  "maxmemory-policy noeviction\n"
                                  "hash-max-ziplist-value 512\n"
                                  "databases 1\n"
                                  "tcp-keepalive 0\n"
                                  "timeout 0\n"
                                  "enable-debug-command no\n"
                                  "enable-module-command no\n";

static void look(void *arg);

/* ---- what is made once ---- */

static char *find_program(void)
{
    const char *path = getenv("PATH");
    char *dirs = xasprintf("%s:/usr/bin:/usr/local/bin:/usr/sbin", path != NULL ? path : ""), *found = NULL;

    for (char *d = dirs, *next; d != NULL && found == NULL; d = next) {
        next = strchr(d, ':');
        if (next != NULL)
            *next++ = '\0';
        found = xasprintf("%s/redis-server", d);
        if (d[0] != '/' || access(found, X_OK) != 0) {
            free(found);
            found = NULL;
        }
    }
    free(dirs);
    return found;
}

static int write_conf(const char *dir, struct err *e)
{
    char *path = xasprintf("%s/redis.conf", dir), *fresh = xasprintf("%s.new.%d", path, (int)getpid());
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), rc = -1;

    /* renamed into place: another daemon may be starting the server with the old one right now */
    if (fd >= 0 && write(fd, server_conf, sizeof(server_conf) - 1) == (ssize_t)sizeof(server_conf) - 1 &&
        rename(fresh, path) == 0)
        rc = 0;
    else
        err_set(e, "embedded", "state_dir", "cannot write %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(path);
    free(fresh);
    return rc;
}

static int make_dirs(struct embedded *m, struct err *e)
{
    if (mkdir(m->o.state_dir, 0700) != 0 && errno != EEXIST)
        return err_set(e, "embedded", "state_dir", "cannot make %s: %s", m->o.state_dir, strerror(errno));
    if (mkdir(m->dir, 0700) != 0 && errno != EEXIST)
        return err_set(e, "embedded", "state_dir", "cannot make %s: %s", m->dir, strerror(errno));
    return 0;
}

static int prepare(struct embedded *m, struct err *e)
{
    char *users = xasprintf("%s/users.lock", m->dir), *sock = xasprintf("%s/redis.sock", m->dir);
    int rc = -1;

    m->program = find_program();
    if (m->program == NULL)
        err_set(e, "embedded", "redis.url",
                "redis.url is \"embedded\", but redis-server is not installed (apt install redis-server)");
    else if (strlen(sock) >= sizeof(m->socket.sun_path))
        err_set(e, "embedded", "state_dir",
                "state_dir is too long for a unix socket: %s has %zu bytes, at most %zu can be", sock,
                strlen(sock), sizeof(m->socket.sun_path) - 1);
    else if (make_dirs(m, e) == 0 && write_conf(m->dir, e) == 0) {
        m->socket.sun_family = AF_UNIX;
        memcpy(m->socket.sun_path, sock, strlen(sock) + 1);
        m->url = xasprintf("unix://%s", sock);
        m->users_lock = open(users, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        rc = m->users_lock >= 0 && flock(m->users_lock, LOCK_SH) == 0
                 ? 0
                 : err_set(e, "embedded", "state_dir", "cannot lock %s: %s", users, strerror(errno));
    }
    free(users);
    free(sock);
    return rc;
}

static void release(struct embedded *m)
{
    loop_timer_free(m->timer);
    loop_fd_free(m->death);
    if (m->pidfd >= 0)
        close(m->pidfd);
    if (m->users_lock >= 0)
        close(m->users_lock);
    free(m->state_dir);
    free(m->dir);
    free(m->url);
    free(m->program);
    free(m);
}

struct embedded *embedded_new(const struct embedded_opts *o, struct err *e)
{
    struct embedded *m = xcalloc(1, sizeof(*m));

    m->o = *o;
    m->state_dir = xstrdup(o->state_dir);
    m->o.state_dir = m->state_dir;
    m->dir = xasprintf("%s/redis", o->state_dir);
    m->pidfd = m->users_lock = -1;
    m->pause_ms = PAUSE_MIN_MS;
    if (prepare(m, e) != 0) {
        release(m);
        return NULL;
    }
    m->timer = loop_timer_new(o->loop, look, m);
    loop_timer_arm_ms(m->timer, 0);
    return m;
}

const char *embedded_url(const struct embedded *m)
{
    return m->url;
}

pid_t embedded_pid(const struct embedded *m)
{
    return m->server;
}

/* ---- starting ---- */

/* In the child: only what is safe between fork and exec. A session of its own, or Ctrl-C at the terminal would end the server before the
 * daemon has drained. */
static _Noreturn void become_server(const char *program, int lock)
{
    static char name[] = "redis-server", conf[] = "redis.conf";
    static char *const argv[] = {name, conf, NULL};
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t none;
    int null;

    setsid();
    for (int s = 1; s < NSIG; s++)
        sigaction(s, &usual, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(0077);
    null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        _exit(126);
    /* the lock stays open over exec: it is the server's life, not ours, that the data is locked for */
    if (lock == LOCK_FD ? fcntl(LOCK_FD, F_SETFD, 0) != 0 : dup2(lock, LOCK_FD) < 0)
        _exit(126);
    close_range(LOCK_FD + 1, ~0U, 0);
    execv(program, argv);
    _exit(127);
}

static void watch(struct embedded *m, pid_t pid);

/* 1: the server was started. 0: someone holds the data. -1: it failed. */
static int spawn(struct embedded *m)
{
    char *path = xasprintf("%s/data.lock", m->dir);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), rc = -1;
    pid_t pid;

    free(path);
    if (lock < 0)
        return -1;
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        close(lock);
        return 0;
    }
    unlink(m->socket.sun_path); /* of a dead server: the lock says so */
    pid = fork();
    if (pid == 0) {
        if (chdir(m->dir) != 0)
            _exit(126);
        become_server(m->program, lock);
    }
    if (pid > 0) {
        m->child = pid;
        watch(m, pid);
        rc = 1;
    }
    close(lock); /* the child's copy keeps it locked */
    return rc;
}

/* ---- watching ---- */

static void on_death(void *arg);

static void watch(struct embedded *m, pid_t pid)
{
    m->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (m->pidfd >= 0)
        m->death = loop_fd_new(m->o.loop, m->pidfd, on_death, m);
}

static void unwatch(struct embedded *m)
{
    loop_fd_free(m->death);
    m->death = NULL;
    if (m->pidfd >= 0)
        close(m->pidfd);
    m->pidfd = -1;
}

static void reap(struct embedded *m, char *why, size_t n)
{
    int status = 0;

    if (m->child == 0 || waitpid(m->child, &status, WNOHANG) != m->child) {
        if (snprintf(why, n, "redis-server %d is gone", (int)m->server) < 0)
            why[0] = '\0';
        return;
    }
    m->child = 0;
    if (snprintf(why, n,
                 WIFSIGNALED(status) ? "redis-server was killed by signal %d"
                                     : "redis-server ended with status %d; see redis.log",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)) < 0)
        why[0] = '\0';
}

static void on_death(void *arg)
{
    struct embedded *m = arg;
    char why[100];
    bool was_up = m->server != 0;

    reap(m, why, sizeof(why));
    unwatch(m);
    m->server = 0;
    if (was_up && clock_mono_ms() - m->up_at > STEADY_MS)
        m->pause_ms = PAUSE_MIN_MS;
    log_error("embedded.died", "why=\"%s\" again_ms=%lld", why, (long long)m->pause_ms);
    loop_timer_arm_ms(m->timer, m->pause_ms);
    m->pause_ms = m->pause_ms * 2 < PAUSE_MAX_MS ? m->pause_ms * 2 : PAUSE_MAX_MS;
    if (was_up && m->o.on_down != NULL)
        m->o.on_down(m->o.arg, why);
}

/* Who listens on the socket? 0 = nobody. */
static pid_t who_listens(const struct embedded *m)
{
    struct ucred peer = {.pid = 0};
    socklen_t n = sizeof(peer);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return 0;
    if (connect(fd, (const struct sockaddr *)&m->socket, sizeof(m->socket)) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0)
        peer.pid = 0;
    close(fd);
    return peer.pid;
}

static void came_up(struct embedded *m, pid_t pid)
{
    bool adopted = pid != m->child;

    m->server = pid;
    m->up_at = clock_mono_ms();
    m->waiting_since = 0;
    if (adopted) {
        unwatch(m);
        watch(m, pid);
        if (m->pidfd < 0) { /* it died between the two calls */
            m->server = 0;
            loop_timer_arm_ms(m->timer, LOOK_MS);
            return;
        }
    }
    log_info("embedded.ready", "pid=%d adopted=%s", (int)pid, adopted ? "yes" : "no");
    if (m->o.on_ready != NULL)
        m->o.on_ready(m->o.arg);
}

/* The data is locked and nobody answers: for a moment that is a server starting or an AOF rewrite whose server was killed. */
static void still_waiting(struct embedded *m)
{
    int64_t now = clock_mono_ms();

    if (m->waiting_since == 0)
        m->waiting_since = now;
    if (now - m->waiting_since > WARN_MS) {
        log_warn("embedded.waiting", "dir=%s ms=%d", m->dir, WARN_MS);
        m->waiting_since = now;
    }
    loop_timer_arm_ms(m->timer, LOOK_MS);
}

static void look(void *arg)
{
    struct embedded *m = arg;
    pid_t pid;

    if (m->child == 0 && spawn(m) < 0) {
        log_error("embedded.failed", "why=\"%s\"", strerror(errno));
        loop_timer_arm_ms(m->timer, m->pause_ms);
        return;
    }
    pid = who_listens(m);
    if (pid > 0)
        came_up(m, pid);
    else if (m->child == 0 || m->pidfd >= 0)
        still_waiting(m);
    else
        on_death(m); /* a child that could not be watched any more */
}

/* ---- the end ---- */

static bool ended(int pidfd, int64_t ms)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    int64_t until = clock_mono_ms() + ms, left;

    while ((left = until - clock_mono_ms()) > 0) {
        if (poll(&p, 1, (int)left) == 1)
            return true;
    }
    return false;
}

void embedded_stop(struct embedded *m)
{
    pid_t pid;

    if (m == NULL)
        return;
    pid = m->server != 0 ? m->server : m->child;
    if (pid > 0 && m->pidfd >= 0 && flock(m->users_lock, LOCK_EX | LOCK_NB) == 0) {
        kill(pid, SIGTERM);
        if (!ended(m->pidfd, STOP_MS)) {
            log_warn("embedded.killed", "pid=%d after_ms=%d", (int)pid, STOP_MS);
            kill(pid, SIGKILL);
            ended(m->pidfd, STOP_MS);
        }
    }
    if (m->child > 0)
        waitpid(m->child, NULL, WNOHANG);
    release(m);
}
