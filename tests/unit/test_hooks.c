/* Callbacks of providers: what is answered, and that it is true. Driver `json` against a real redis-server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/hooks.h"
#include "tests/support/queue_bed.h"

#define P        "crier:{venus}:"
#define ASK(...) redis_server_ask(bed->server, __VA_ARGS__, NULL)

static struct queue_bed *bed;
static struct hooks *hooks;
static const struct provider_conf conf = {
    .name = "p1", .driver = "json", .channel = "sms", .community = "venus"};
static int status, n_pokes, n_receipts, n_bad;
static char body[600], notice[80], bad[40];
static bool answered;

static void on_replies(void *arg)
{
    (void)arg;
    n_pokes++;
}

static void on_receipt(void *arg, const char *id, enum recipient_state s)
{
    (void)arg;
    assert_int_equal(s, RECIPIENT_DELIVERED);
    memcpy(notice, id, strlen(id) + 1);
    n_receipts++;
}

static void on_bad(void *arg, const char *reason)
{
    (void)arg;
    n_bad++;
    memcpy(bad, reason, strlen(reason) + 1);
}

static void on_done(void *arg, int code, const char *type, const char *text, size_t n)
{
    (void)arg;
    assert_false(answered);
    assert_string_equal(type, "application/json");
    answered = true;
    status = code;
    memcpy(body, text, n);
    body[n] = '\0';
}

static const char *no_header(void *arg, const char *name)
{
    (void)arg, (void)name;
    return NULL;
}

static struct provider_callback callback(const char *kind, const char *text, size_t n)
{
    return (struct provider_callback){.method = "POST",
                                      .kind = kind,
                                      .url = "",
                                      .query = "",
                                      .content_type = "application/json",
                                      .body = text,
                                      .body_len = n,
                                      .now_ms = clock_wall_ms(),
                                      .header = no_header};
}

static bool is_answered(void *arg)
{
    (void)arg;
    return answered;
}

static int handle(const char *kind, const char *text, size_t n)
{
    struct provider_callback in = callback(kind, text, n);

    answered = false;
    hooks_handle(hooks, &in, on_done, NULL);
    assert_false(answered); /* never inside the call */
    assert_true(loop_run_until(bed->loop, is_answered, NULL, 10000));
    return status;
}

static int post(const char *kind, const char *text)
{
    return handle(kind, text, strlen(text));
}

static void expect(char *answer, const char *want)
{
    assert_string_equal(answer, want);
    free(answer);
}

static int setup(void **state)
{
    (void)state;
    queue_bed_clear(bed);
    n_pokes = n_receipts = n_bad = 0;
    return 0;
}

static void a_reply_is_in_redis_before_it_is_acknowledged(void **state)
{
    (void)state;
    assert_int_equal(post("reply", "{\"id\":\"m-1\",\"from\":\"138 0000 0001\",\"text\":\"报名 "
                                   "篮球\",\"time\":\"2026-11-23T09:00:00+08:00\"}"),
                     200);
    assert_string_equal(body, "{\"code\":0}");
    assert_int_equal(n_pokes, 1);
    char *entry = ASK("XRANGE", P "replies", "-", "+");
    assert_non_null(strstr(entry, "from\n+8613800000001\ntext\n报名 篮球\n"));
    free(entry);
}

static void a_repeat_is_acknowledged_and_changes_nothing(void **state)
{
    (void)state;
    static const char text[] = "{\"id\":\"m-1\",\"from\":\"13800000001\",\"text\":\"报名\"}";

    assert_int_equal(post("reply", text), 200);
    assert_int_equal(post("reply", text), 200);
    assert_int_equal(n_pokes, 1);
    expect(ASK("XLEN", P "replies"), "1");
}

static void an_array_of_hundreds_is_taken_whole(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(HOOKS_BODY_MAX);

    for (int i = 0; i < 350; i++)
        assert_int_equal(buf_fmt(&b, "%s{\"id\":\"m-%d\",\"from\":\"+86138000%05d\",\"text\":\"报名\"}",
                                 i ? "," : "[", i, i),
                         0);
    assert_int_equal(buf_chr(&b, ']'), 0);
    assert_int_equal(handle("reply", b.data, b.len), 200);
    expect(ASK("XLEN", P "replies"), "350");
    buf_fini(&b);
}

static void a_sender_that_is_no_mobile_number_is_stored_as_it_came(void **state)
{
    (void)state;
    assert_int_equal(post("reply", "{\"id\":\"m-1\",\"from\":\"10690000\",\"text\":\"x\"}"), 200);
    char *entry = ASK("XRANGE", P "replies", "-", "+");
    assert_non_null(strstr(entry, "from\n10690000\n"));
    free(entry);
}

static void what_cannot_be_read_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *text;
        int status;
    } rows[] = {
        {"reply",   "{",                                                          400},
        {"reply",   "[{\"id\":\"m-1\",\"from\":\"13800000001\",\"text\":\"a\"},", 400},
        {"reply",   "{\"id\":\"m-1\"}",                                           400},
        {"receipt", "{\"ref\":\"a.0.1\",\"status\":\"gone\"}",                    400},
        {"wechat",  "{}",                                                         404},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (post(rows[i].kind, rows[i].text) != rows[i].status)
            fail_msg("%s %s: %d", rows[i].kind, rows[i].text, status);
        json_t *j = json_loads(body, 0, NULL);
        assert_non_null(j);
        assert_true(json_integer_value(json_object_get(j, "code")) != 0);
        json_decref(j);
    }
    expect(ASK("EXISTS", P "replies"), "0");
    char *big = xcalloc(1, HOOKS_BODY_MAX + 2);
    memset(big, ' ', HOOKS_BODY_MAX + 1);
    assert_int_equal(handle("reply", big, HOOKS_BODY_MAX + 1), 413);
    free(big);
}

#define GOOD(id, text) "{\"id\":\"" id "\",\"from\":\"13800000001\",\"text\":\"" text "\"}"

/* Said again or not: a provider whose whole array is refused for one item would say it for ever, and what stands behind it would never come. */
static void bad_replies_keep_no_good_one_out_and_are_kept_for_staff(void **state)
{
    (void)state;
    static const char text[] =
        "[" GOOD("m-1", "报名") ",7,{\"id\":\"m-2\",\"from\":\"13800000002\",\"text\":[\"救命\"]}," GOOD(
            "m-3", "取\\u0000消") "]";

    assert_int_equal(post("reply", text), 200);
    assert_string_equal(body, "{\"code\":0,\"refused\":2,\"message\":\"a reply must be an object\"}");
    expect(ASK("XLEN", P "replies"), "2");
    assert_int_equal(n_pokes, 1);
    assert_int_equal(n_bad, 2);
    assert_string_equal(bad, "bad-reply");
    char *entries = ASK("XRANGE", P "rejected", "-", "+");
    assert_non_null(strstr(entries, "reason\nbad-reply\nmessage\na reply must be an object\nentry\n7\n"));
    assert_non_null(strstr(entries, "{\"id\":\"m-2\",\"from\":\"13800000002\",\"text\":[\"救命\"]}"));
    assert_non_null(strstr(entries, "provider\np1"));
    free(entries);
    assert_int_equal(post("reply", text), 200); /* said again: kept once */
    expect(ASK("XLEN", P "rejected"), "2");
    expect(ASK("XLEN", P "replies"), "2");
}

/* What a sender is called becomes a key and an address: two words in it would be two people. */
static void a_sender_that_is_not_one_word_is_kept_for_staff_and_never_answered(void **state)
{
    (void)state;
    assert_int_equal(post("reply", "{\"id\":\"m-1\",\"from\":\"o1 +8613800000009\",\"text\":\"报名\"}"), 200);
    assert_non_null(strstr(body, "\"refused\":1"));
    assert_string_equal(bad, "bad-reply");
    expect(ASK("EXISTS", P "replies"), "0");
    expect(ASK("XLEN", P "rejected"), "1");
    assert_int_equal(post("reply", "{\"id\":\"m-2\",\"from\":\"138 0000 0001\",\"text\":\"报名\"}"), 200);
    expect(ASK("XLEN", P "replies"), "1");
}

static void a_lone_bad_reply_is_refused_and_kept(void **state)
{
    (void)state;
    assert_int_equal(post("reply", "{\"from\":\"13800000002\",\"text\":\"救命\"}"), 400);
    assert_non_null(strstr(body, "\\\"id\\\" is missing"));
    expect(ASK("XLEN", P "rejected"), "1");
    expect(ASK("EXISTS", P "replies"), "0");
}

static void bad_replies_that_redis_cannot_take_are_not_acknowledged(void **state)
{
    (void)state;
    free(ASK("SET", P "rejected", "no stream"));
    assert_int_equal(post("reply", "[" GOOD("m-1", "a") ",7]"), 503);
    assert_int_equal(post("reply", "{}"), 503);
    expect(ASK("XLEN", P "replies"), "1"); /* kept already; the repeat adds only what is missing */
    free(ASK("DEL", P "rejected"));
    assert_int_equal(post("reply", "[" GOOD("m-1", "a") ",7]"), 200);
    expect(ASK("XLEN", P "replies"), "1");
    expect(ASK("XLEN", P "rejected"), "1");
}

static void without_redis_nothing_is_acknowledged(void **state)
{
    (void)state;
    int64_t began_ms = clock_mono_ms();

    redis_server_freeze(bed->server, true);
    assert_int_equal(post("reply", "{\"id\":\"m-1\",\"from\":\"13800000001\",\"text\":\"a\"}"), 503);
    assert_true(clock_mono_ms() - began_ms < HOOKS_DEADLINE_MS + 1500);
    redis_server_freeze(bed->server, false);
    /* The provider says it again: one reply, whether the first one arrived or not. */
    assert_int_equal(post("reply", "{\"id\":\"m-1\",\"from\":\"13800000001\",\"text\":\"a\"}"), 200);
    expect(ASK("XLEN", P "replies"), "1");
}

static void full_memory_is_told_as_try_again(void **state)
{
    (void)state;
    free(ASK("CONFIG", "SET", "maxmemory", "1"));
    assert_int_equal(post("reply", "{\"id\":\"m-1\",\"from\":\"13800000001\",\"text\":\"a\"}"), 503);
    free(ASK("CONFIG", "SET", "maxmemory", "0"));
    assert_int_equal(post("reply", "{\"id\":\"m-1\",\"from\":\"13800000001\",\"text\":\"a\"}"), 200);
    expect(ASK("XLEN", P "replies"), "1");
}

/* Ledger of one notice "a.b.c" with two recipients that were accepted at their first attempt. */
static void make_notice(void)
{
    free(ASK("HSET", P "n:a.b.c", "id", "a.b.c", "total", "2", "state", "3", "lane", "2"));
    free(ASK("EVAL", "return redis.call('SET', KEYS[1], '\\2\\1\\2\\1')", "1", P "n:a.b.c:st"));
}

static char *ledger(void)
{
    return ASK("EVAL", "local b = {redis.call('GET', KEYS[1]):byte(1, -1)} return table.concat(b, ' ')", "1",
               P "n:a.b.c:st");
}

static void receipts_raise_what_was_sent_and_ids_may_hold_dots(void **state)
{
    (void)state;
    make_notice();
    assert_int_equal(post("receipt", "[{\"ref\":\"a.b.c.1.1\",\"status\":\"delivered\"}]"), 200);
    expect(ledger(), "2 1 3 1");
    assert_int_equal(n_receipts, 1);
    assert_string_equal(notice, "a.b.c");
}

static void bad_receipts_keep_no_good_one_out(void **state)
{
    (void)state;
    make_notice();
    assert_int_equal(post("receipt",
                          "[{\"ref\":\"a.b.c.0.1\",\"status\":\"buffered\"},{\"ref\":\"a.b.c.1.1\","
                          "\"status\":\"delivered\"},{\"ref\":7}]"),
                     200);
    assert_non_null(strstr(body, "\"refused\":2"));
    expect(ledger(), "2 1 3 1");
    assert_int_equal(n_bad, 2);
    assert_string_equal(bad, "bad-receipt");
    expect(ASK("EXISTS", P "rejected"), "0"); /* nobody wrote it: counted, not kept */
}

/* A right that is missing, a key of another kind: Redis said no, and the report is not in it. */
static void a_receipt_that_redis_cannot_take_is_not_acknowledged(void **state)
{
    (void)state;
    free(ASK("SET", P "n:a", "no notice"));
    assert_int_equal(post("receipt", "{\"ref\":\"a.0.1\",\"status\":\"delivered\"}"), 503);
    assert_int_equal(n_receipts, 0);
}

static void receipts_about_nothing_we_sent_are_acknowledged_without_effect(void **state)
{
    (void)state;
    static const char *const refs[] = {"a.b.c.1.2", "a.b.c.7.1", "other.0.1",  "nonsense",
                                       "a..",       ".0.1",      "a.b.c.-1.1", "a.b.c.1.1x"};
    char text[128];

    make_notice();
    for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
        struct buf b = BUF_INIT(sizeof(text));
        assert_int_equal(buf_fmt(&b, "{\"ref\":\"%s\",\"status\":\"delivered\"}", refs[i]), 0);
        assert_int_equal(handle("receipt", b.data, b.len), 200);
        buf_fini(&b);
    }
    expect(ledger(), "2 1 2 1");
}

static void whoever_asked_may_go(void **state)
{
    (void)state;
    static const char text[] = "{\"id\":\"m-1\",\"from\":\"13800000001\",\"text\":\"a\"}";
    struct provider_callback in = callback("reply", text, strlen(text));
    struct hooks_call *c = hooks_handle(hooks, &in, on_done, NULL);

    answered = false;
    hooks_cancel(c);
    assert_int_equal(post("reply", text), 200); /* one completion: this one's */
    expect(ASK("XLEN", P "replies"), "1");
}

static int begin(void **state)
{
    (void)state;
    bed = queue_bed_new();
    const struct hooks_opts o = {.loop = bed->loop,
                                 .queue = bed->q[0],
                                 .driver = provider_driver("json"),
                                 .conf = &conf,
                                 .on_replies = on_replies,
                                 .on_receipt = on_receipt,
                                 .on_bad = on_bad};
    hooks = hooks_new(&o);
    return 0;
}

static int end(void **state)
{
    (void)state;
    static const char text[] = "{\"id\":\"last\",\"from\":\"13800000001\",\"text\":\"a\"}";

    struct provider_callback in = callback("reply", text, strlen(text));

    hooks_handle(hooks, &in, on_done, NULL); /* under way when everything ends */
    queue_free(bed->q[0]);
    bed->q[0] = NULL;
    hooks_free(hooks);
    queue_bed_free(bed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_reply_is_in_redis_before_it_is_acknowledged, setup),
        cmocka_unit_test_setup(a_repeat_is_acknowledged_and_changes_nothing, setup),
        cmocka_unit_test_setup(an_array_of_hundreds_is_taken_whole, setup),
        cmocka_unit_test_setup(a_sender_that_is_no_mobile_number_is_stored_as_it_came, setup),
        cmocka_unit_test_setup(what_cannot_be_read_is_refused_with_a_reason, setup),
        cmocka_unit_test_setup(bad_replies_keep_no_good_one_out_and_are_kept_for_staff, setup),
        cmocka_unit_test_setup(a_sender_that_is_not_one_word_is_kept_for_staff_and_never_answered, setup),
        cmocka_unit_test_setup(a_lone_bad_reply_is_refused_and_kept, setup),
        cmocka_unit_test_setup(bad_replies_that_redis_cannot_take_are_not_acknowledged, setup),
        cmocka_unit_test_setup(bad_receipts_keep_no_good_one_out, setup),
        cmocka_unit_test_setup(without_redis_nothing_is_acknowledged, setup),
        cmocka_unit_test_setup(full_memory_is_told_as_try_again, setup),
        cmocka_unit_test_setup(receipts_raise_what_was_sent_and_ids_may_hold_dots, setup),
        cmocka_unit_test_setup(a_receipt_that_redis_cannot_take_is_not_acknowledged, setup),
        cmocka_unit_test_setup(receipts_about_nothing_we_sent_are_acknowledged_without_effect, setup),
        cmocka_unit_test_setup(whoever_asked_may_go, setup),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
