/* Callbacks in the JSON of contract 5: receipts and replies, good ones, bad ones, and good ones among bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/drivers.h"

#define FROM    "\"from\":\"+8613800000001\""
#define REPLY   "{\"id\":\"m-1\"," FROM ",\"text\":"
#define RECEIPT "{\"ref\":\"n.0.1\",\"status\":"

static const struct provider_conf conf = {
    .name = "p1", .driver = "json", .channel = "sms", .url = "http://127.0.0.1:9/send", .batch = 1};

/* What was told of one body: how many, and the last of each kind. */
static struct told {
    int n_good, n_bad;
    struct provider_receipt receipt;
    struct provider_reply reply;
    char text[200], item[200], field[64], code[40];
    size_t text_len;
    char *whole;
} told;
static struct err refusal;

static void on_receipt(void *arg, const struct provider_receipt *r)
{
    (void)arg;
    told.n_good++;
    told.receipt = *r;
}

static void on_reply(void *arg, const struct provider_reply *r)
{
    (void)arg;
    told.n_good++;
    told.reply = *r;
    told.text_len = r->text_len;
    free(told.whole);
    told.whole = xmemdup(r->text_len ? r->text : "", r->text_len + (r->text_len == 0));
    (void)snprintf(told.text, sizeof(told.text), "%.*s", (int)r->text_len, r->text_len ? r->text : "");
}

static void on_bad(void *arg, const struct provider_bad *b)
{
    (void)arg;
    told.n_bad++;
    (void)snprintf(told.item, sizeof(told.item), "%.*s", (int)b->len, b->item);
    memcpy(told.field, b->why->field, sizeof(told.field));
    memcpy(told.code, b->why->code, sizeof(told.code));
}

static void forget(void)
{
    free(told.whole);
    memset(&told, 0, sizeof(told));
    memset(&refusal, 0, sizeof(refusal));
}

static int receipts(const char *body)
{
    forget();
    return callback_receipts(&conf, body, strlen(body), on_receipt, on_bad, NULL, &refusal);
}

static int replies(const char *body)
{
    forget();
    return callback_replies(&conf, body, strlen(body), on_reply, on_bad, NULL, &refusal);
}

/* ---- receipts ---- */

static const struct {
    const char *name, *body;
    int n, n_good;
    const char *field; /* of the refusal */
} receipt_rows[] = {
    {"one",                                    RECEIPT "\"delivered\"}",                                                1,  1, NULL    },
    {"with a detail and more",                 RECEIPT "\"failed\",\"detail\":\"关机\",\"at\":7}",                    1,  1, NULL    },
    {"several",                                "[{\"ref\":\"a.0.1\",\"status\":\"failed\"}," RECEIPT "\"delivered\"}]", 2,  2, NULL    },
    {"none",                                   "[]",                                                                    0,  0, NULL    },
    {"a detail that is an object is left out", RECEIPT "\"failed\",\"detail\":{}}",                                     1,  1, NULL    },
    {"bad ones keep no good one out",          "[{\"ref\":1,\"status\":\"failed\"}," RECEIPT "\"delivered\"},7,{}]",    4,
     1,                                                                                                                        NULL    },
    {"only bad ones in an array",              "[[]]",                                                                  1,  0, NULL    },
    {"no ref",                                 "{\"status\":\"delivered\"}",                                            -1, 0, "ref"   },
    {"an empty ref",                           "{\"ref\":\"\",\"status\":\"delivered\"}",                               -1, 0, "ref"   },
    {"a ref that is a number",                 "{\"ref\":1,\"status\":\"delivered\"}",                                  -1, 0, "ref"   },
    {"a ref with a line feed",                 "{\"ref\":\"a\\nb\",\"status\":\"delivered\"}",                          -1, 0, "ref"   },
    {"a ref with a NUL",                       "{\"ref\":\"a\\u0000b\",\"status\":\"delivered\"}",                      -1, 0, "ref"   },
    {"a ref as long as a book",
     "{\"ref\":"
     "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
     "\","
     "\"status\":\"delivered\"}",                                                                                       -1, 0, "ref"   },
    {"no status",                              "{\"ref\":\"n.0.1\"}",                                                   -1, 0, "status"},
    {"a status of its own",                    RECEIPT "\"DELIVRD\"}",                                                  -1, 0, "status"},
    {"a string",                               "\"x\"",                                                                 -1, 0, ""      },
    {"nothing",                                "",                                                                      -1, 0, ""      },
    {"malformed",                              "{\"ref\":",                                                             -1, 0, ""      },
    {"duplicate members",                      "{\"ref\":\"a\",\"ref\":\"b\",\"status\":\"failed\"}",                   -1, 0, ""      },
};

static void receipts_are_read_one_by_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(receipt_rows); i++) {
        int n = receipts(receipt_rows[i].body), n_bad = receipt_rows[i].n - receipt_rows[i].n_good;

        if (n != receipt_rows[i].n || told.n_good != receipt_rows[i].n_good ||
            (n >= 0 && told.n_bad != n_bad))
            fail_msg("%s: %d, %d good, %d bad", receipt_rows[i].name, n, told.n_good, told.n_bad);
        if (n < 0 &&
            (strcmp(refusal.code, "bad-receipt") != 0 || strcmp(refusal.field, receipt_rows[i].field) != 0))
            fail_msg("%s: code %s, field %s", receipt_rows[i].name, refusal.code, refusal.field);
        if (told.n_good > 0)
            assert_string_equal(told.receipt.ref, "n.0.1");
    }
}

static void a_long_detail_is_cut_at_a_character(void **state)
{
    char body[600] = RECEIPT "\"failed\",\"detail\":\"x";

    (void)state;
    for (int i = 0; i < 60; i++)
        memcpy(body + strlen(body), "机", 4);
    memcpy(body + strlen(body), "\"}", 3);
    assert_int_equal(receipts(body), 1);
    assert_int_equal(told.receipt.state, RECIPIENT_FAILED);
    assert_int_equal(strlen(told.receipt.detail), 94); /* 1 + 31 x 3; a 32nd would need 97 */
}

/* ---- replies ---- */

static const struct {
    const char *name, *body;
    int n, n_good;
    const char *field, *text;
    int64_t sent_at;
} reply_rows[] = {
    {"one",                                          REPLY "\"报名 篮球\",\"time\":\"2026-11-23T09:00:00+08:00\"}", 1,  1, NULL,   "报名 篮球",
     1795395600000                                                                                                                                          },
    {"without a time",                               REPLY "\"1\"}",                                                    1,  1, NULL,   "1",                0},
    {"without a word",                               REPLY "\"\"}",                                                     1,  1, NULL,   "",                 0},
    {"a time without offset is left out",            REPLY "\"1\",\"time\":\"2026-11-23T09:00:00\"}",                   1,  1, NULL,   "1",
     0                                                                                                                                                      },
    {"a time that is a number is left out",          REPLY "\"1\",\"time\":1}",                                         1,  1, NULL,   "1",                0},
    {"several",                                      "[{\"id\":\"m-0\"," FROM ",\"text\":\"a\"}," REPLY "\"b\\n\"}]",   2,  2, NULL,   "b\n",              0},
    {"a bad one among good ones",                    "[{}," REPLY "\"1\"},7,{\"id\":\"m\"," FROM ",\"text\":2}]",       4,  1, NULL,
     "1",                                                                                                                                                  0},
    {"only bad ones in an array",                    "[{},{}]",                                                         2,  0, NULL,   "",                 0},
    {"a NUL in the text",                            REPLY "\"报名\\u0000篮球\"}",                                  1,  1, NULL,   "报名 篮球",    0},
    {"a text cut in the middle of a character",      "[" REPLY "\"我要报\xe5\x90\"}]",                               1,  1, NULL,
     "我要报\xEF\xBF\xBD",                                                                                                                              0},
    {"a text cut in the middle of a surrogate pair", REPLY "\"好\\ud83d\"}",                                           1,  1, NULL,   "好\xEF\xBF\xBD",  0},
    {"the other half",                               REPLY "\"\\uDE00好\"}",                                           1,  1, NULL,   "\xEF\xBF\xBD好",  0},
    {"a pair is a character",                        REPLY "\"\\ud83d\\ude00\"}",                                       1,  1, NULL,   "\xF0\x9F\x98\x80", 0},
    {"a backslash before a u is no escape",          REPLY "\"\\\\ud83d\"}",                                            1,  1, NULL,   "\\ud83d",          0},
    {"no id",                                        "{" FROM ",\"text\":\"1\"}",                                       -1, 0, "id",   "",                 0},
    {"an id that is a number",                       "{\"id\":1," FROM ",\"text\":\"1\"}",                              -1, 0, "id",   "",                 0},
    {"an id with a NUL",                             "{\"id\":\"a\\u0000\"," FROM ",\"text\":\"1\"}",                   -1, 0, "id",   "",                 0},
    {"no sender",                                    "{\"id\":\"m\",\"text\":\"1\"}",                                   -1, 0, "from", "",                 0},
    {"a sender too long for an address",
     "{\"id\":\"m\",\"from\":\"+861380000013800013800138000+861380000013800013800138000+"
     "861380000013800013800138000+861380000013800013800138000\",\"text\":\"1\"}",                                       -1, 0, "from", "",                 0},
    {"no text",                                      "{\"id\":\"m\"," FROM "}",                                         -1, 0, "text", "",                 0},
    {"a text that is null",                          REPLY "null}",                                                     -1, 0, "text", "",                 0},
    {"another encoding",                             REPLY "\"\xb1\xa8\xc3\xfb\"}",                                     -1, 0, "",     "",                 0},
    {"another encoding, with a lead byte last",      REPLY "\"\xc4\xe3\"}",                                             -1, 0, "",     "",                 0},
};

static void replies_are_read_one_by_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(reply_rows); i++) {
        int n = replies(reply_rows[i].body), n_bad = reply_rows[i].n - reply_rows[i].n_good;

        if (n != reply_rows[i].n || told.n_good != reply_rows[i].n_good || (n >= 0 && told.n_bad != n_bad))
            fail_msg("%s: %d, %d good, %d bad (%s)", reply_rows[i].name, n, told.n_good, told.n_bad,
                     refusal.msg);
        if (n < 0 &&
            (strcmp(refusal.code, "bad-reply") != 0 || strcmp(refusal.field, reply_rows[i].field) != 0))
            fail_msg("%s: code %s, field %s", reply_rows[i].name, refusal.code, refusal.field);
        if (told.n_good > 0 &&
            (strcmp(told.reply.id, "m-1") != 0 || strcmp(told.reply.from, "+8613800000001") != 0 ||
             strcmp(told.text, reply_rows[i].text) != 0 || told.reply.sent_at != reply_rows[i].sent_at))
            fail_msg("%s: read as id %s, text \"%s\", at %lld", reply_rows[i].name, told.reply.id, told.text,
                     (long long)told.reply.sent_at);
    }
}

static void what_is_bad_is_told_whole_with_its_reason(void **state)
{
    (void)state;
    assert_int_equal(replies("[" REPLY "\"1\"}, {\"id\": \"m\", " FROM ", \"text\": [\"救\\u0000命\"]}]"), 2);
    assert_string_equal(told.item, "{\"id\":\"m\"," FROM ",\"text\":[\"救\\u0000命\"]}");
    assert_string_equal(told.code, "bad-reply");
    assert_string_equal(told.field, "text");
    assert_int_equal(receipts(RECEIPT "\"sleeping\"}"), -1); /* a lone one is told and refused */
    assert_int_equal(told.n_bad, 1);
    assert_string_equal(told.field, "status");
}

/* Whatever its length, it is a reply; the mark says that something is missing, and how much there was. */
static void a_text_as_long_as_a_book_is_cut_with_a_mark(void **state)
{
    struct buf b = BUF_INIT(100000);

    (void)state;
    (void)buf_str(&b, REPLY "\"x"); /* one byte off, so that the limit falls into a character */
    for (int i = 0; i < 6000; i++)
        (void)buf_str(&b, "水");
    assert_int_equal(buf_str(&b, "\"}"), 0);
    assert_int_equal(replies(b.data), 1);
    assert_int_equal(told.n_good, 1);
    assert_in_range(told.text_len, CALLBACK_TEXT_MAX - 3, CALLBACK_TEXT_MAX);
    assert_non_null(memmem(told.whole, told.text_len, "18001 字节", strlen("18001 字节")));
    assert_int_equal((told.text_len - 1) % 3, strlen("…… [原文 18001 字节, 太长, 已截断 / cut]") % 3);
    buf_fini(&b);
}

static int end(void **state)
{
    (void)state;
    forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receipts_are_read_one_by_one),
        cmocka_unit_test(a_long_detail_is_cut_at_a_character),
        cmocka_unit_test(replies_are_read_one_by_one),
        cmocka_unit_test(what_is_bad_is_told_whole_with_its_reason),
        cmocka_unit_test(a_text_as_long_as_a_book_is_cut_with_a_mark),
    };

    return cmocka_run_group_tests(tests, NULL, end);
}
