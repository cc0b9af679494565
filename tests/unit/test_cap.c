/* Files of official warnings: every way in which real ones differ from the standard, and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/cap.h"
#include "tests/support/cap_text.h"

#define HEAD                                                                                                 \
    "<identifier>x1</identifier><sender>s@example.cn</sender><sent>2025-09-23T09:06:00+08:00</sent>"         \
    "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>"
#define INFO(inside)  "<info><language>zh-CN</language><event>台风</event>" inside "</info>"
#define ALERT(inside) "<alert xmlns=\"" CAP_NS "\">" inside "</alert>"

static struct cap_list list;
static struct err e;

static int parse(const char *s)
{
    cap_list_fini(&list);
    return cap_parse(&list, s, strlen(s), &e);
}

static const struct cap_alert *one(const char *s)
{
    if (parse(s) != 0)
        fail_msg("%s", e.msg);
    assert_int_equal(list.n, 1);
    return &list.alerts[0];
}

static int teardown(void **state)
{
    (void)state;
    cap_list_fini(&list);
    return 0;
}

static void reads_every_field(void **state)
{
    const struct cap_alert *a = one(
        ALERT(HEAD "<note>n</note><references>s@example.cn,x0,2025-09-22T01:00:00-00:00</references>" INFO(
            "<responseType>Prepare</responseType><urgency>Expected</urgency><severity>Moderate</"
            "severity><certainty>Likely</certainty>"
            "<eventCode><valueName>type</valueName><value>11B01</value></eventCode>"
            "<effective>2025-09-23T09:06:00+08:00</effective><expires>2025-09-24T09:06:00+08:00</"
            "expires><senderName>海口市气象台</senderName>"
            "<headline>h</headline><description>d</description><instruction>i</instruction>"
            "<parameter><valueName>p</valueName><value>v</value></parameter>"
            "<area><areaDesc>海口市</areaDesc><polygon>20.0,110.1 20.1,110.1 20.1,110.3 "
            "20.0,110.1</polygon><circle>20.0,110.2 12.5</circle>"
            "<geocode><valueName>c</valueName><value>460100000000</value></geocode></area>")));

    (void)state;
    assert_string_equal(a->bad, "");
    assert_string_equal(a->identifier, "x1");
    assert_int_equal(a->sent_at, CAP_T0);
    assert_int_equal(a->n_refs, 1);
    assert_string_equal(a->refs[0].identifier, "x0");
    assert_int_equal(a->infos[0].severity, CAP_MODERATE);
    assert_string_equal(a->infos[0].codes[0].value, "11B01");
    assert_string_equal(a->infos[0].parameters[0].name, "p");
    assert_int_equal(a->infos[0].expires_at, CAP_T0 + 86400000);
    assert_int_equal(a->infos[0].areas[0].n_polygons, 1);
    assert_true(a->infos[0].areas[0].polygons[0].points[0].lat == 20.0);
    assert_true(a->infos[0].areas[0].circles[0].radius_km == 12.5);
    assert_string_equal(a->infos[0].areas[0].geocodes[0].value, "460100000000");
}

/* What real issuers do to the standard's form: each is read as if it kept to it. */
static void reads_what_real_issuers_write(void **state)
{
    static const char *const files[] = {
        /* order turned round */
        ALERT("<scope>Public</scope>" INFO(
            "<headline>h</headline>") "<msgType>Alert</msgType><status>Actual</status>"
                                      "<sent>2025-09-23T09:06:00+08:00</sent><sender>s@example.cn</"
                                      "sender><identifier>x1</identifier>"),
        /* prefixed, older, none, wrong namespace; a BOM; comments and instructions */
        "<cap:alert xmlns:cap=\"" CAP_NS
        "\"><cap:identifier>x1</cap:identifier><cap:sender>s@example.cn</cap:sender>"
        "<cap:sent>2025-09-23T09:06:00+08:00</cap:sent><cap:status>Actual</cap:status><cap:msgType>Alert</"
        "cap:msgType>"
        "<cap:scope>Public</cap:scope><cap:info><cap:headline>h</cap:headline></cap:info></cap:alert>",
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.1\">" HEAD INFO(
            "<headline>h</headline>") "</alert>",
        "<alert>" HEAD INFO("<headline>h</headline>") "</alert>",
        "<alert xmlns=\"http://example.cn/other\">" HEAD INFO("<headline>h</headline>") "</alert>",
        "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- c -->" ALERT(
            HEAD INFO("<headline>h</headline>")),
        /* white space in values */
        ALERT("<identifier>\n\t x1 </identifier><sender> "
              "s@example.cn\n</sender><sent>\n2025-09-23T09:06:00+08:00 </sent>"
              "<status> Actual</status><msgType>\tAlert</msgType><scope>public</scope>" INFO(
                  "<headline>\n  h \n</headline>")),
        /* wrapped; what is foreign in it is passed over */
        "<EDXLDistribution "
        "xmlns=\"urn:oasis:names:tc:emergency:EDXL:DE:1.0\"><contentObject><xmlContent><"
        "embeddedXMLContent>" ALERT(HEAD INFO(
            "<headline>h</headline><x:headline xmlns:x=\"urn:x\">no</x:headline>") "<Signature "
                                                                                   "xmlns=\"http://"
                                                                                   "www.w3.org/2000/09/"
                                                                                   "xmldsig#\"><Object><"
                                                                                   "alert/></Object></"
                                                                                   "Signature>") "</"
                                                                                                 "embeddedXML"
                                                                                                 "Content></"
                                                                                                 "xmlContent>"
                                                                                                 "</"
                                                                                                 "contentObje"
                                                                                                 "ct></"
                                                                                                 "EDXLDistrib"
                                                                                                 "ution>",
        /* a resource with an embedded file */
        ALERT(HEAD INFO("<headline>h</headline><resource><mimeType>audio/mpeg</mimeType><derefUri>AAAA</"
                        "derefUri></resource>")),
        /* CDATA */
        ALERT(HEAD INFO("<headline><![CDATA[h]]></headline>")),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        const struct cap_alert *a = one(files[i]);

        if (a->bad[0] != '\0' || strcmp(a->infos[0].headline, "h") != 0 || a->sent_at != CAP_T0)
            fail_msg("file %zu: %s", i, a->bad);
    }
}

static void a_feed_holds_several(void **state)
{
    (void)state;
    assert_int_equal(
        parse("<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><content>" ALERT(HEAD INFO(
            "")) "</content></entry><entry><content>" ALERT("<identifier>y</identifier>") "</content></"
                                                                                          "entry></feed>"),
        0);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.alerts[0].bad, "");
    assert_string_equal(list.alerts[1].bad,
                        "sender: is missing"); /* one that is not complete spoils no other */
}

static void chinese_encodings_are_read_and_lies_are_not(void **state)
{
    static const char gbk[] =
        "<?xml version=\"1.0\" encoding=\"GBK\"?>" ALERT(HEAD "<info><event>\xCC\xA8\xB7\xE7</event></info>");

    (void)state;
    assert_string_equal(one(gbk)->infos[0].event, "台风");
    assert_string_equal(
        one("<?xml version='1.0' encoding='iso-8859-1'?>" ALERT(HEAD "<info><event>\xE9</event></info>"))
            ->infos[0]
            .event,
        "é");
    assert_int_equal(
        parse("<?xml version=\"1.0\" encoding=\"gb2312\"?>" ALERT(HEAD "<info><event>\xCC</event></info>")),
        -1);
    assert_int_equal(
        parse("<?xml version=\"1.0\" encoding=\"UTF-8\"?>" ALERT(HEAD "<info><event>\xE9</event></info>")),
        -1);
    assert_int_equal(parse(ALERT(HEAD "<info><event>\xC0\xAF</event></info>")), -1);
    assert_int_equal(parse("<?xml version=\"1.0\" encoding=\"klingon\"?>" ALERT(HEAD INFO(""))), -1);
}

static void hostile_files_are_refused(void **state)
{
    static const char *const files[] = {
        "",
        " ",
        "not xml",
        "<alert",
        ALERT(HEAD) "<alert/>",
        "<feed/>",
        "<!DOCTYPE alert>" ALERT(HEAD),
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" ALERT(
            HEAD INFO("<headline>&x;</headline>")),
        "<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>" ALERT(
            HEAD INFO("<headline>&b;</headline>")),
        ALERT(HEAD INFO("<headline>&x;</headline>")),
        "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a/"
        ">",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (parse(files[i]) == 0)
            fail_msg("file %zu was taken", i);
        assert_string_equal(e.code, "bad-cap");
    }
}

static void size_and_number_are_limited(void **state)
{
    struct buf b = BUF_INIT(8 << 20);

    (void)state;
    for (int i = 0; i < 100001; i++)
        buf_str(&b, i == 0 ? "<alert>" : "<x/>");
    buf_str(&b, "</alert>");
    assert_int_equal(parse(buf_cstr(&b)), -1);
    assert_string_equal(e.msg, "too many elements");
    buf_reset(&b);
    while (b.len <= CAP_BYTES_MAX)
        buf_str(&b, "                                                                ");
    assert_int_equal(parse(buf_cstr(&b)), -1);
    assert_non_null(strstr(e.msg, "4 MiB"));
    buf_fini(&b);
}

/* Incomplete messages: in the list, with the reason. */
static void what_is_not_complete_says_so(void **state)
{
    static const struct {
        const char *file, *bad;
    } rows[] = {
        {ALERT(HEAD),                                              "info: is missing"                   },
        {ALERT(HEAD "<sender>other@example.cn</sender>" INFO("")), "sender: is there twice"             },
        {ALERT(HEAD "<status>Test</status>" INFO("")),             "status: is there twice"             },
        {ALERT("<identifier>x</identifier><sender>s</sender><sent>2025-09-23T09:06:00</sent><status>Actual</"
               "status><msgType>Alert</msgType>"
               "<scope>Public</scope>" INFO("")),
         "sent: is no time with an offset from UTC"                                                     },
        {ALERT("<identifier>x "
               "y</identifier><sender>s</sender><sent>2025-09-23T09:06:00Z</sent><status>Actual</"
               "status><msgType>Alert</msgType>"
               "<scope>Public</scope>" INFO("")),
         "identifier: holds a blank, a comma, < or &"                                                   },
        {ALERT("<identifier>x</identifier><sender>s</sender><sent>2025-09-23T09:06:00Z</sent><status>Really</"
               "status><msgType>Alert</msgType>"
               "<scope>Public</scope>" INFO("")),
         "status: is no word of CAP"                                                                    },
        {ALERT(HEAD INFO("<description>a<b>c</b></description>")), "elements inside the text of a field"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(one(rows[i].file)->bad, rows[i].bad);
}

static void references_without_the_message_itself(void **state)
{
    const struct cap_alert *a;

    (void)state;
    a = one(ALERT(
        HEAD
        "<references>\n "
        "s@example.cn,x1,2025-09-23T01:06:00-00:00\n\ts@example.cn,x0,2025-09-22T09:06:00+08:00 nonsense "
        "s@example.cn,x1,2025-09-22T09:06:00+08:00</references>" INFO("")));
    assert_int_equal(a->n_refs, 2); /* the same identifier of yesterday is another message */
    assert_true(a->bad_refs);
    assert_true(cap_updates(a));
}

static void chinese_is_chosen_wherever_it_stands(void **state)
{
    const struct cap_alert *a;

    (void)state;
    a = one(ALERT(HEAD "<info><language>en-US</language><event>Typhoon</event></info><info><language>zh-CN</"
                       "language><event>台风</event></info>"));
    assert_string_equal(cap_chosen(a)->event, "台风");
    a = one(ALERT(HEAD "<info><language>fr</language><event>F</event></info><info><event>E</event></info>"));
    assert_string_equal(cap_chosen(a)->event, "E"); /* no language is English */
    a = one(ALERT(HEAD "<info><language>fr</language><event>F</event></info>"));
    assert_string_equal(cap_chosen(a)->event, "F");
}

static void ends_in_all_the_ways_that_are_used(void **state)
{
    static const struct {
        struct cap_said m;
        bool ends;
    } rows[] = {
        {{.type = "Cancel"},                                     true },
        {{.type = "Cancel", .no_info = true},                    true },
        {{.type = "Update", .urgency = "Past"},                  true },
        {{.type = "Update", .response = "AllClear"},             true },
        {{.type = "Alert", .refs = "b", .response = "AllClear"}, true },
        {{.type = "Alert", .urgency = "Past"},                   false},
        {{.type = "Update"},                                     false},
        {{.type = "Alert"},                                      false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        cap_list_fini(&list);
        cap_said_parse(&rows[i].m, &list);
        if (cap_ends(&list.alerts[0]) != rows[i].ends)
            fail_msg("row %zu", i);
    }
}

static void shapes_that_cannot_be_read_are_left_out_and_told(void **state)
{
    static const struct {
        const char *shape;
        size_t n;
    } rows[] = {
        {"<polygon>20.0,110.1\n 20.1,110.1\t20.1,110.3   20.0,110.1</polygon>", 1},
        {"<polygon>20.0 , 110.1 20.1, 110.1 20.1 ,110.3</polygon>",             1}, /* blanks, and not closed */
        {"<polygon>110.1,20.0 110.1,20.1 110.3,20.1 110.1,20.0</polygon>",      0}, /* longitude first */
        {"<polygon>20.0,110.1 20.1,110.1 20.0,110.1</polygon>",                 0},
        {"<polygon>20.0,110.1 20.1,110.1 20.1,x 20.0,110.1</polygon>",          0},
        {"<polygon>0x10,110.1 20.1,110.1 nan,110 20.0,110.1</polygon>",         0},
        {"<polygon/>",                                                          0},
        {"<circle>20.0,110.1 -1</circle>",                                      0},
        {"<circle>20.0,110.1</circle>",                                         0},
        {"<circle>-20,110.1 0</circle>",                                        1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *s = xasprintf(ALERT(HEAD INFO("<area><areaDesc>x</areaDesc>%s</area>")), rows[i].shape);
        const struct cap_area *a = &one(s)->infos[0].areas[0];

        if (a->n_polygons + a->n_circles != rows[i].n || a->unreadable != (rows[i].n == 0))
            fail_msg("row %zu", i);
        free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_every_field, teardown),
        cmocka_unit_test_teardown(reads_what_real_issuers_write, teardown),
        cmocka_unit_test_teardown(a_feed_holds_several, teardown),
        cmocka_unit_test_teardown(chinese_encodings_are_read_and_lies_are_not, teardown),
        cmocka_unit_test_teardown(hostile_files_are_refused, teardown),
        cmocka_unit_test_teardown(size_and_number_are_limited, teardown),
        cmocka_unit_test_teardown(what_is_not_complete_says_so, teardown),
        cmocka_unit_test_teardown(references_without_the_message_itself, teardown),
        cmocka_unit_test_teardown(chinese_is_chosen_wherever_it_stands, teardown),
        cmocka_unit_test_teardown(ends_in_all_the_ways_that_are_used, teardown),
        cmocka_unit_test_teardown(shapes_that_cannot_be_read_are_left_out_and_told, teardown),
    };

    return cmocka_run_group_tests_name("cap", tests, NULL, NULL);
}
