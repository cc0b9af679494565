/* Nothing is written after the time is over or the notice was cancelled: neither what waits for a slot nor what waits for a connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/support/flow_bed.h"

static bool large_is_full(struct flow_bed *b)
{
    return b->n_held == 32;
}

/* A window of 40 has 32 slots for lane bulk, and 10 requests are marked ahead of them. */
static void what_was_marked_ahead_is_not_written_after_not_after(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 40});
    char until[40], json[2048];
    struct queue_notice n;
    int len;

    (void)state;
    flow_warm(b);
    b->answer[0] = FLOW_HOLD;
    clock_format_iso(clock_wall_ms() + 2000, "Asia/Shanghai", until, sizeof(until));
    len = snprintf(
        json, sizeof(json),
        "{\"v\":1,\"id\":\"n1\",\"lane\":\"bulk\",\"text\":\"x\",\"not_after\":\"%s\",\"to\":{\"phones\":[",
        until);
    for (int i = 0; i < 60; i++)
        len += snprintf(json + len, sizeof(json) - (size_t)len, "%s\"+86138000%05d\"", i > 0 ? "," : "", i);
    assert_true(snprintf(json + len, sizeof(json) - (size_t)len, "]}}") == 3);
    flow_push(b, false, json);
    assert_true(flow_until(b, large_is_full));
    flow_run_ms(b, 50);
    assert_int_equal(feeder_in_flight(b->feeder), 42);
    flow_run_ms(b, 2050);
    flow_release(b);
    assert_true(flow_until_state(b, "n1", NOTICE_EXPIRED));
    flow_run_ms(b, 300);
    assert_int_equal(b->n_messages, 32);
    n = flow_get(b, "n1");
    for (int i = 0; i < 50 && n.counts[RECIPIENT_EXPIRED] != 28;
         i++) { /* the sweep closes what was handed back last */
        flow_run_ms(b, 100);
        n = flow_get(b, "n1");
    }
    assert_int_equal(n.counts[RECIPIENT_ACCEPTED], 32);
    assert_int_equal(n.counts[RECIPIENT_EXPIRED], 28);
    flow_free(b);
}

/* A listening socket whose queue is full: further connections wait for an answer that does not come. */
struct deaf {
    int listener, queued[2];
    char url[40];
};

static void deaf_open(struct deaf *d)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);

    d->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(d->listener, (struct sockaddr *)&a, n), 0);
    assert_int_equal(listen(d->listener, 0), 0);
    assert_int_equal(getsockname(d->listener, (struct sockaddr *)&a, &n), 0);
    for (int i = 0; i < 2; i++) {
        d->queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)!connect(d->queued[i], (struct sockaddr *)&a, n);
    }
    assert_true(snprintf(d->url, sizeof(d->url), "http://127.0.0.1:%d/send", ntohs(a.sin_port)) > 0);
}

/* Whoever waited in the queue comes in now; -> how many bytes they all wrote. */
static size_t deaf_hear(struct deaf *d, struct flow_bed *b)
{
    size_t bytes = 0;
    int fd;

    for (int i = 0; i < 2; i++)
        close(d->queued[i]);
    for (int turn = 0; turn < 15; turn++) {
        flow_run_ms(b, 100); /* the kernel asks again after a second */
        while ((fd = accept4(d->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
            char buf[512];
            ssize_t got;

            flow_run_ms(b, 50);
            while ((got = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
                bytes += (size_t)got;
            close(fd);
        }
        if (turn == 0)
            assert_int_equal(listen(d->listener, 64), 0);
    }
    close(d->listener);
    return bytes;
}

static bool is_sending(struct flow_bed *b)
{
    return link_stats(b->links[0])->in_flight > 0;
}

static void on_cancelled(void *arg, const struct queue_result *r)
{
    *(bool *)arg = r->status == QUEUE_OK;
}

static bool elsewhere;

static bool cancelled_elsewhere(struct flow_bed *b)
{
    (void)b;
    return elsewhere;
}

/* Nobody tells this daemon: what Redis allowed half a second ago is asked for again before it is written. */
static void what_was_marked_ahead_asks_again_after_half_a_second(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 40});

    (void)state;
    flow_warm(b);
    b->answer[0] = FLOW_HOLD;
    flow_notice(b, "n1", "bulk", 0, 60);
    assert_true(flow_until(b, large_is_full));
    flow_run_ms(b, 50);
    assert_int_equal(feeder_in_flight(b->feeder), 42);
    elsewhere = false;
    queue_cancel(b->q, "n1", "cancelled", on_cancelled, &elsewhere); /* as another daemon does it */
    assert_true(flow_until(b, cancelled_elsewhere));
    flow_run_ms(b, 550);
    flow_release(b);
    flow_run_ms(b, 300);
    assert_int_equal(b->n_messages, 32);
    assert_int_equal(flow_get(b, "n1").counts[RECIPIENT_ACCEPTED], 32);
    flow_free(b);
}

static void a_request_that_waits_for_its_connection_is_taken_back_by_cancel(void **state)
{
    struct flow_bed *b = flow_new(&(struct flow_opts){.window = 4});
    struct queue_notice n;
    struct deaf d;
    char *usual = b->providers[0].url;
    struct err e;

    (void)state;
    deaf_open(&d);
    b->providers[0].url = d.url;
    assert_int_equal(link_prepare(b->links[0], NULL, &b->providers[0], &e), 0);
    link_reconfigure(b->links[0]);
    flow_notice(b, "n1", "normal", 0, 3);
    assert_true(flow_until(b, is_sending));
    flow_push(b, true, "{\"v\":1,\"id\":\"c1\",\"kind\":\"cancel\",\"cancels\":\"n1\"}");
    assert_true(flow_until_state(b, "n1", NOTICE_CANCELLED));
    flow_run_ms(b, 50);
    assert_int_equal(link_stats(b->links[0])->in_flight, 0);
    assert_int_equal(deaf_hear(&d, b), 0);
    n = flow_get(b, "n1");
    assert_int_equal(n.counts[RECIPIENT_CANCELLED], 3);
    assert_int_equal(n.counts[RECIPIENT_UNKNOWN], 0);
    b->providers[0].url = usual;
    flow_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_marked_ahead_is_not_written_after_not_after),
        cmocka_unit_test(what_was_marked_ahead_asks_again_after_half_a_second),
        cmocka_unit_test(a_request_that_waits_for_its_connection_is_taken_back_by_cancel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
