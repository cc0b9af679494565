/* net/http over TLS: what cannot prove who it is gets nothing. The peer is `openssl s_server`; without that program
 * the tests are skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "net/http.h"

enum { PATIENCE_MS = 10000 };

static char dir[] = "/tmp/crier-tls-XXXXXX";
static char *cert, *key;

/* Its stdout is ${out}, its stderr goes nowhere. Dies with us. */
static pid_t spawn(const char *const *argv, int out)
{
    pid_t parent = getpid(), pid = fork();

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(126);
    dup2(open("/dev/null", O_RDWR), 2);
    dup2(out >= 0 ? out : 2, 1);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static int make_certificate(const char *names)
{
    const char *argv[] = {
        "openssl", "req",   "-x509", "-newkey", "ec",  "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes",  "-subj", "/CN=x", "-addext", names, "-days",    "2",
        "-keyout", key,     "-out",  cert,      NULL};
    int status = -1;

    waitpid(spawn(argv, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct server {
    pid_t pid;
    int out;
    char *url;
};

/* Among others a line "ACCEPT 127.0.0.1:PORT". */
static int read_port(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char line[128], c;
    size_t n = 0;
    int64_t port = 0;

    while (poll(&p, 1, PATIENCE_MS) == 1 && read(fd, &c, 1) == 1) {
        if (c != '\n' && n < sizeof(line) - 1) {
            line[n++] = c;
            continue;
        }
        line[n] = '\0';
        n = 0;
        if (strncmp(line, "ACCEPT 127.0.0.1:", 17) == 0 && num_i64(line + 17, 1, 65535, &port) == 0)
            return (int)port;
    }
    fail_msg("openssl s_server tells no port");
    return 0;
}

static struct server serve(const char *version)
{
    const char *argv[] = {"openssl", "s_server", "-accept", "127.0.0.1:0",        "-cert", cert, "-key",
                          key,       "-www",     "-cipher", "DEFAULT@SECLEVEL=0", version, NULL};
    struct server s = {.pid = 0};
    int fds[2];

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    s.pid = spawn(argv, fds[1]);
    close(fds[1]);
    s.out = fds[0];
    s.url = xasprintf("https://127.0.0.1:%d/", read_port(s.out));
    return s;
}

static void stop(struct server *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    close(s->out);
    free(s->url);
}

static int setup(void **state)
{
    (void)state;
    memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
    if (mkdtemp(dir) == NULL)
        return -1;
    cert = xasprintf("%s/cert.pem", dir);
    key = xasprintf("%s/key.pem", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(cert); /* not there when the test was skipped */
    (void)unlink(key);
    free(cert);
    free(key);
    return rmdir(dir);
}

struct trial {
    int n_done;
    struct http_answer answer;
};

static void on_done(void *arg, const struct http_answer *a)
{
    struct trial *t = arg;

    t->n_done++;
    t->answer = *a;
}

static bool is_done(void *arg)
{
    return ((struct trial *)arg)->n_done > 0;
}

static struct http_answer get(const char *url, const char *ca_file)
{
    struct http_opts o = {.user_agent = "crier-test", .max_in_flight = 1, .ca_file = ca_file};
    struct http_call call = {.method = "GET", .url = url, .connect_timeout_ms = 5000, .timeout_ms = 8000};
    struct trial t = {.n_done = 0};
    struct err e;
    struct loop *loop = loop_new(&e);
    struct http *client = http_new(loop, &o, &e);

    assert_non_null(client);
    http_begin(client, &call, HTTP_REACH_LITERAL_PRIVATE, on_done, &t);
    assert_true(loop_run_until(loop, is_done, &t, PATIENCE_MS));
    assert_int_equal(t.n_done, 1);
    http_free(client);
    loop_free(loop);
    return t.answer;
}

static const struct {
    const char *name, *names, *version;
    bool trusted;
    enum http_outcome outcome;
} rows[] = {
    {"a certificate that we trust, for this name", "subjectAltName=IP:127.0.0.1", "-tls1_3", true,
     HTTP_ANSWERED                                                                                               },
    {"TLS 1.2 is good enough",                     "subjectAltName=IP:127.0.0.1", "-tls1_2", true,  HTTP_ANSWERED},
    {"self-signed by somebody",                    "subjectAltName=IP:127.0.0.1", "-tls1_3", false, HTTP_NOT_SENT},
    {"for another name",                           "subjectAltName=IP:127.0.0.9", "-tls1_3", true,  HTTP_NOT_SENT},
    {"TLS 1.1 is too old",                         "subjectAltName=IP:127.0.0.1", "-tls1_1", true,  HTTP_NOT_SENT},
};

static void nothing_is_sent_to_who_cannot_prove_his_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct server s;
        struct http_answer a;

        if (make_certificate(rows[i].names) != 0)
            skip();
        s = serve(rows[i].version);
        a = get(s.url, rows[i].trusted ? cert : NULL);
        if (a.outcome != rows[i].outcome)
            fail_msg("%s: outcome %d, %s", rows[i].name, (int)a.outcome, a.detail);
        stop(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_sent_to_who_cannot_prove_his_name, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
