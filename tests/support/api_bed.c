#include "tests/support/api_bed.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/app.h"
#include "daemon/routes.h"
#include "net/fetch.h"

struct api_bed api_bed;

static _Noreturn void serve(void)
{
    char *ready = xasprintf("listen.ready_file=%s/port", api_bed.dir);
    const char *const sets[] = {"listen.http=127.0.0.1:0", ready, "log.level=error", NULL};
    struct err e;
    struct config *conf = config_load(NULL, sets, api_bed.dir, &e);
    struct app *a = conf != NULL ? app_new(conf, &e) : NULL;
    int status;

    if (a == NULL) {
        fprintf(stderr, "the daemon does not start: %s\n", e.msg);
        _exit(99);
    }
    status = app_run(a);
    app_free(a);
    free(ready);
    exit(status); /* with the leak check of a sanitizer build */
}

void api_bed_nap(void)
{
    const struct timespec t = {.tv_sec = 0, .tv_nsec = 20000000};

    nanosleep(&t, NULL);
}

struct api_answer api_bed_ask(struct fetch *f, const char *method, const char *path, const char *body,
                              const char *header)
{
    struct api_answer a = {.status = 0, .text = BUF_INIT(1u << 20)};
    const char *headers[] = {header, NULL};
    struct fetch_call call = {.method = method,
                              .path = path,
                              .headers = headers,
                              .body = body,
                              .body_len = body != NULL ? strlen(body) : 0,
                              .timeout_ms = 10000};
    struct err e;

    if (fetch_run(f, &call, &a.status, &a.text, &e) != 0)
        a.status = -1;
    a.json = a.text.len > 0 ? json_loadb(a.text.data, a.text.len, 0, NULL) : NULL;
    return a;
}

void api_bed_answer_fini(struct api_answer *a)
{
    json_decref(a->json);
    buf_fini(&a->text);
}

int api_bed_status_of(struct fetch *f, const char *method, const char *path, const char *body)
{
    struct api_answer a = api_bed_ask(f, method, path, body, NULL);
    int status = a.status;

    api_bed_answer_fini(&a);
    return status;
}

struct fetch *api_bed_as(const char *token)
{
    struct err e;
    struct fetch *f = fetch_new(NULL, api_bed.url, token, &e);

    assert_non_null(f);
    return f;
}

static void make_tokens(void)
{
    for (int r = ROLE_VIEWER; r < ROLE_N; r++) {
        char *body = xasprintf("{\"name\":\"test %s\",\"role\":\"%s\"}", role_name((enum role)r),
                               role_name((enum role)r));
        struct api_answer a = api_bed_ask(api_bed.local, "POST", "/api/v1/keys", body, NULL);
        assert_int_equal(a.status, 201);
        api_bed.tokens[r] = xstrdup(json_string_value(json_object_get(a.json, "token")));
        api_bed_answer_fini(&a);
        free(body);
    }
}

int api_bed_start(void **state)
{
    char *socket, *port_file, port[16] = "";
    int64_t deadline = clock_mono_ms() + 20000;
    struct err e;
    FILE *f;

    (void)state;
    memcpy(api_bed.dir, "/tmp/crier-api-XXXXXX", 22);
    if (mkdtemp(api_bed.dir) == NULL)
        return -1;
    api_bed.child = fork();
    if (api_bed.child == 0)
        serve();
    socket = xasprintf("%s/admin.sock", api_bed.dir);
    port_file = xasprintf("%s/port", api_bed.dir);
    api_bed.local = fetch_new(socket, NULL, NULL, &e);
    while (api_bed_status_of(api_bed.local, "GET", "/readyz", NULL) != 200 && clock_mono_ms() < deadline)
        api_bed_nap();
    f = fopen(port_file, "re");
    if (f == NULL || fgets(port, sizeof(port), f) == NULL)
        return -1;
    fclose(f);
    port[strcspn(port, "\n")] = '\0';
    api_bed.url = xasprintf("http://127.0.0.1:%s", port);
    free(socket);
    free(port_file);
    make_tokens();
    return 0;
}

int api_bed_stop(void **state)
{
    int status = 0;
    char *rm = xasprintf("/tmp/crier-api-%s", api_bed.dir + strlen("/tmp/crier-api-"));
    pid_t cleaner;

    (void)state;
    kill(api_bed.child, SIGTERM);
    waitpid(api_bed.child, &status, 0);
    cleaner = fork();
    if (cleaner == 0) {
        execlp("rm", "rm", "-rf", rm, (char *)NULL);
        _exit(127);
    }
    waitpid(cleaner, NULL, 0);
    free(rm);
    fetch_free(api_bed.local);
    free(api_bed.url);
    for (int r = 0; r < ROLE_N; r++)
        free(api_bed.tokens[r]);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}
