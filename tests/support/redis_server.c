#include "tests/support/redis_server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"

#define START_MS  15000
#define MAX_EXTRA 32

struct redis_server {
    LIST_ENTRY(redis_server) entry;
    pid_t pid, owner;
    enum redis_server_mode mode;
    char *dir, *socket, *url;
    char *extra[MAX_EXTRA];
    size_t n_extra;
};

/* A test that failed does not come to its end: what runs is stopped when the program exits. */
static LIST_HEAD(, redis_server) running = LIST_HEAD_INITIALIZER(running);

static void stop_all(void)
{
    while (!LIST_EMPTY(&running) && LIST_FIRST(&running)->owner == getpid())
        redis_server_stop(LIST_FIRST(&running));
}

static void run_child(const struct redis_server *s, pid_t parent)
{
    char *argv[MAX_EXTRA + 24];
    size_t n = 0;
    char *log = xasprintf("%s/redis.log", s->dir);
    bool aof = s->mode != REDIS_SERVER_MEMORY;
    const char *const fixed[] = {"redis-server",
                                 "--port",
                                 "0",
                                 "--unixsocket",
                                 s->socket,
                                 "--dir",
                                 s->dir,
                                 "--save",
                                 "",
                                 "--logfile",
                                 log,
                                 "--daemonize",
                                 "no",
                                 "--appendonly",
                                 aof ? "yes" : "no",
                                 "--appendfsync",
                                 s->mode == REDIS_SERVER_AOF ? "always" : "everysec"};

    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        argv[n++] = xstrdup(fixed[i]);
    for (size_t i = 0; i < s->n_extra; i++)
        argv[n++] = s->extra[i];
    argv[n] = NULL;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(126);
    execvp(argv[0], argv);
    _exit(127);
}

static bool answers(const struct redis_server *s)
{
    redisContext *c = redisConnectUnix(s->socket);
    redisReply *r = c != NULL && c->err == 0 ? redisCommand(c, "PING") : NULL;
    bool ok = r != NULL && r->type == REDIS_REPLY_STATUS;

    if (r != NULL)
        freeReplyObject(r);
    if (c != NULL)
        redisFree(c);
    return ok;
}

void redis_server_restart(struct redis_server *s)
{
    pid_t parent = getpid();
    int64_t deadline = clock_mono_ms() + START_MS;

    if (s->pid != 0)
        panic("this redis-server runs already");
    unlink(s->socket);
    s->pid = fork();
    if (s->pid < 0)
        panic("fork: %s", strerror(errno));
    if (s->pid == 0)
        run_child(s, parent);
    while (!answers(s)) {
        int status;

        if (waitpid(s->pid, &status, WNOHANG) == s->pid)
            panic("redis-server ended at once (status %d), see %s/redis.log", status, s->dir);
        if (clock_mono_ms() > deadline)
            panic("redis-server does not answer within %d ms", START_MS);
        usleep(3000);
    }
}

struct redis_server *redis_server_start(enum redis_server_mode mode, const char *const *extra)
{
    static bool watched;
    struct redis_server *s = xcalloc(1, sizeof(*s));
    const char *tmp = getenv("TMPDIR");

    if (!watched && atexit(stop_all) != 0)
        panic("atexit");
    watched = true;
    s->owner = getpid();
    s->mode = mode;
    s->dir = xasprintf("%s/crier-test-redis-XXXXXX", tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
    if (mkdtemp(s->dir) == NULL)
        panic("%s: %s", s->dir, strerror(errno));
    LIST_INSERT_HEAD(&running, s, entry);
    s->socket = xasprintf("%s/s", s->dir);
    s->url = xasprintf("unix://%s", s->socket);
    for (; extra != NULL && extra[s->n_extra] != NULL; s->n_extra++) {
        if (s->n_extra == MAX_EXTRA)
            panic("too many arguments for redis-server");
        s->extra[s->n_extra] = xstrdup(extra[s->n_extra]);
    }
    redis_server_restart(s);
    return s;
}

const char *redis_server_socket(const struct redis_server *s)
{
    return s->socket;
}

const char *redis_server_url(const struct redis_server *s)
{
    return s->url;
}

const char *redis_server_dir(const struct redis_server *s)
{
    return s->dir;
}

int redis_server_pid(const struct redis_server *s)
{
    return (int)s->pid;
}

void redis_server_kill(struct redis_server *s)
{
    if (s->pid == 0)
        return;
    kill(s->pid, SIGKILL);
    while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    s->pid = 0;
}

void redis_server_freeze(struct redis_server *s, bool frozen)
{
    if (s->pid != 0)
        kill(s->pid, frozen ? SIGSTOP : SIGCONT);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void redis_server_stop(struct redis_server *s)
{
    if (s == NULL)
        return;
    LIST_REMOVE(s, entry);
    redis_server_kill(s);
    nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < s->n_extra; i++)
        free(s->extra[i]);
    free(s->dir);
    free(s->socket);
    free(s->url);
    free(s);
}

static void print_reply(struct buf *out, const redisReply *r)
{
    if (r->type == REDIS_REPLY_ARRAY) {
        for (size_t i = 0; i < r->elements; i++)
            print_reply(out, r->element[i]);
        return;
    }
    if (out->len != 0)
        buf_chr(out, '\n');
    if (r->type == REDIS_REPLY_INTEGER)
        buf_i64(out, r->integer);
    else if (r->type == REDIS_REPLY_NIL)
        buf_str(out, "(nil)");
    else {
        if (r->type == REDIS_REPLY_ERROR)
            buf_str(out, "(error) ");
        buf_add(out, r->str, r->len);
    }
}

char *redis_server_ask(struct redis_server *s, ...)
{
    const char *argv[64];
    int argc = 0;
    va_list ap;
    struct buf out = BUF_INIT(16u << 20);
    redisContext *c = redisConnectUnix(s->socket);
    redisReply *r;

    va_start(ap, s);
    for (const char *a; (a = va_arg(ap, const char *)) != NULL;) {
        if (argc == (int)ARRAY_LEN(argv))
            panic("too many arguments");
        argv[argc++] = a;
    }
    va_end(ap);
    r = c != NULL && c->err == 0 ? redisCommandArgv(c, argc, argv, NULL) : NULL;
    if (r == NULL)
        panic("the test's redis-server does not answer %s", argc > 0 ? argv[0] : "");
    print_reply(&out, r);
    freeReplyObject(r);
    redisFree(c);
    return buf_take(&out);
}
