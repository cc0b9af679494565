/* XML of vendors: as a tree, and as the answers and callbacks of a description. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/xml.h"
#include "tests/support/http_bed.h"

#define XML "text/xml"

static const struct {
    const char *xml, *json; /* NULL = refused */
} trees[] = {
    {"<r><a>1</a><b>x y</b></r>",                                                        "{\"a\":\"1\",\"b\":\"x y\"}"        },
    {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<r>\n <a>\n  <b>1</b>\n </a>\n</r>\n",
     "{\"a\":{\"b\":\"1\"}}"                                                                                                  },
    {"<r><a>1</a><a>2</a><a><b>3</b></a></r>",                                           "{\"a\":[\"1\",\"2\",{\"b\":\"3\"}]}"},
    {"<r xmlns=\"http://x/\" n='7'><a k=\"v\">t</a></r>",
     "{\"@xmlns\":\"http://x/\",\"@n\":\"7\",\"a\":{\"@k\":\"v\",\"#\":\"t\"}}"                                               },
    {"<r><a><![CDATA[<&>]]>&lt;&#65;</a><b/></r>",                                       "{\"a\":\"<&><A\",\"b\":\"\"}"       },
    {"<r>text<a>1</a></r>",                                                              "{\"a\":\"1\",\"#\":\"text\"}"       },
    {"<r>alone</r>",                                                                     "\"alone\""                          },
    {"",                                                                                 NULL                                 },
    {"<r><a>1</b></r>",                                                                  NULL                                 },
    {"<r><a>1</a></r><r/>",                                                              NULL                                 },
    {"<r><a>1</a>",                                                                      NULL                                 },
    {"<!DOCTYPE r [<!ENTITY x \"y\">]><r>&x;</r>",                                       NULL                                 },
    {"<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><r/>",                                   NULL                                 },
    {"<r>\xb6\xcc</r>",                                                                  NULL                                 }, /* GBK */
    {"<a><a><a><a><a><a><a><a>8</a></a></a></a></a></a></a></a>",
     "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":\"8\"}}}}}}}"                                                          },
    {"<a><a><a><a><a><a><a><a><a>9</a></a></a></a></a></a></a></a></a>",                 NULL                                 },
    {"<a xx=\"1\"><a><a><a><a><a><a><a><a x=\"\">9</a></a></a></a></a></a></a></a></a>", NULL                                 },
};

static void test_trees(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(trees); i++) {
        struct err e = {{0}, {0}, {0}};
        json_t *tree = NULL;
        int rc = xml_tree(&tree, trees[i].xml, strlen(trees[i].xml), &e);
        char *text = tree != NULL ? json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

        if ((rc == 0) != (trees[i].json != NULL) || (rc == 0 && strcmp(text, trees[i].json) != 0))
            fail_msg("%s: %s (%s)", trees[i].xml, text != NULL ? text : "refused", e.msg);
        if (rc != 0)
            assert_string_equal(e.code, "bad-xml");
        free(text);
        json_decref(tree);
    }
}

/* As gateways of the kind "sms.aspx" answer, with one result for all; and one with a result for each number. */
#define WHOLE                                                                                                \
    "[request]\nbase = https://a.example\n[form]\nm = ${to.cn11}\nc = ${text}\n[response]\nformat = xml\n"   \
    "ok = http == 200 and /returnstatus == Success\nid = /taskID\ncode = /message\n[classes]\n"              \
    "\"余额不足\" = bad-account\n"
#define EACH                                                                                                 \
    "[request]\nbase = https://a.example\nbatch = 9\n[form]\nm = ${to.cn11}\n[response]\nformat = xml\n"     \
    "ok = /code == 2\ncode = /code\nitems = /list/one\nitem_to = /@to\nitem_ok = /code == 2\nitem_id = "     \
    "/id\nitem_code = /code\n[classes]\n40* = bad-recipient\n"

static struct http_bed b;

static const struct {
    const char *spec, *body;
    enum verdict first, second;
    const char *id;
} answers[] = {
    {WHOLE,
     "<returnsms><returnstatus>Success</returnstatus><message>ok</message><taskID>88</taskID></returnsms>", VERDICT_SENT,    VERDICT_SENT,          "88"},
    {WHOLE, "<returnsms><returnstatus>Faild</returnstatus><message>余额不足</message></returnsms>",
     VERDICT_BAD_ACCOUNT,                                                                                                    VERDICT_BAD_ACCOUNT,   ""  },
    {WHOLE, "<returnsms><returnstatus>Faild</returnstatus><message>?</message></returnsms>",                VERDICT_UNKNOWN,
     VERDICT_UNKNOWN,                                                                                                                               ""  },
    {WHOLE, "<html><returnstatus>Success",                                                                  VERDICT_UNKNOWN, VERDICT_UNKNOWN,       ""  },
    {WHOLE, "Success",                                                                                      VERDICT_UNKNOWN, VERDICT_UNKNOWN,       ""  },
    {EACH,
     "<r><code>2</code><list><one to=\"13800000002\"><code>403</code></one><one "
     "to='13800000001'><code>2</code>"
     "<id>7</id></one></list></r>",                                                                         VERDICT_SENT,    VERDICT_BAD_RECIPIENT, "7" },
    {EACH,  "<r><list><one to=\"13800000001\"><code>2</code><id>7</id></one></list></r>",                   VERDICT_SENT,
     VERDICT_UNKNOWN,                                                                                                                               "7" }, /* one is a list of one; who is not named is in doubt */
};

static void test_answers(void **state)
{
    const struct provider_msg m[] = {driver_msg("+8613800000001", "x", "n1.0.1"),
                                     driver_msg("+8613800000002", "x", "n1.1.1")};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct provider_verdict v[2];

        if (http_bed_open(&b, answers[i].spec, NULL, NULL) != 0)
            fail_msg("%s", b.e.msg);
        http_bed_judge(&b, m, 2, 200, answers[i].body, v);
        if (v[0].verdict != answers[i].first || v[1].verdict != answers[i].second ||
            strcmp(v[0].id, answers[i].id) != 0)
            fail_msg("%s: %s, %s, id %s", answers[i].body, verdict_name(v[0].verdict),
                     verdict_name(v[1].verdict), v[0].id);
        http_bed_close(&b);
    }
}

#define HOOKS                                                                                                \
    WHOLE "[receipt]\nformat = xml\nitems = /statusbox\nid = /taskid\nstatus = /status\ncode = "             \
          "/errorcode\nack = ok\n[status]\n10 = delivered\n20 = failed\n[codes]\nMK:0001 = bad-recipient "   \
          "dead-number : no such number\n"                                                                   \
          "[reply]\nformat = xml\nitems = /callbox\nfrom = /mobile\ntext = /content\ntime = "                \
          "/receivetime\ntime_format = %Y-%m-%d %H:%M:%S\n"

static void test_callbacks(void **state)
{
    (void)state;
    if (http_bed_open(&b, HOOKS, NULL, NULL) != 0)
        fail_msg("%s", b.e.msg);
    assert_int_equal(
        http_bed_call(
            &b, "POST", "receipt", "", XML,
            "<returnsms><statusbox><taskid>1</taskid><status>10</status></statusbox>"
            "<statusbox><taskid>2</taskid><status>20</status><errorcode>MK:0001</errorcode></statusbox>"
            "<statusbox><status>20</status></statusbox></returnsms>"),
        3);
    assert_int_equal(b.told.n_receipts, 2);
    assert_int_equal(b.told.receipts[0].state, RECIPIENT_DELIVERED);
    assert_string_equal(b.told.receipts[1].detail, "MK:0001: no such number");
    assert_int_equal(b.told.receipts[1].about, ABOUT_DEAD_NUMBER);
    assert_int_equal(b.told.n_bad, 1);
    assert_string_equal(b.told.ack, "ok");
    assert_int_equal(http_bed_call(&b, "POST", "receipt", "", XML,
                                   "<returnsms><statusbox><taskid>3</taskid><status>10</status></statusbox>"
                                   "</returnsms>"),
                     1);
    assert_int_equal(b.told.n_receipts, 1);
    assert_int_equal(
        http_bed_call(&b, "POST", "reply", "", XML,
                      "<returnsms><callbox><mobile>13800000001</mobile><content>报名 &amp; 2"
                      "</content><receivetime>2026-11-23 09:00:00</receivetime></callbox></returnsms>"),
        1);
    assert_int_equal(b.told.n_replies, 1);
    assert_int_equal(http_bed_call(&b, "POST", "reply", "", XML, "<!DOCTYPE x><x/>"), -1);
    assert_int_equal(http_bed_call(&b, "POST", "reply", "", XML, "{}"), -1);
    http_bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_callbacks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
