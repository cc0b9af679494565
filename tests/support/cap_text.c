#include "tests/support/cap_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/num.h"

static const char * or (const char *s, const char *otherwise)
{
    return s != NULL ? s : otherwise;
}

static const char *minute(int min, char *out)
{
    return clock_format_iso(CAP_T0 + min * 60000LL, "Asia/Shanghai", out, 40);
}

static void add_refs(const struct cap_said *m, struct buf *out)
{
    const char *s = m->refs;

    buf_str(out, "<references>");
    while (*s != '\0') {
        size_t n = strcspn(s, " "), id = strcspn(s, "@ ");
        int64_t min = 0;
        char t[40];

        if (id < n && num_i64_n(s + id + 1, n - id - 1, 0, 100000, &min) != 0)
            fail_msg("refs: %s", m->refs);

        buf_fmt(out, "%s%s,%.*s,%s", s == m->refs ? "" : "\n  ",
                or (m->ref_sender, or (m->sender, CAP_SENDER)), (int)id, s, minute((int)min, t));
        s += n + (s[n] == ' ');
    }
    buf_str(out, "</references>");
}

static void add_info(const struct cap_said *m, const char *language, struct buf *out)
{
    char t[40];

    buf_fmt(out, "<info><language>%s</language><category>Met</category><event>%s</event>", language,
            or (m->event, "台风"));
    if (m->response != NULL)
        buf_fmt(out, "<responseType>%s</responseType>", m->response);
    buf_fmt(out, "<urgency>%s</urgency><severity>%s</severity><certainty>Likely</certainty>",
            or (m->urgency, "Expected"), or (m->severity, "Unknown"));
    if (m->expires_min >= 0)
        buf_fmt(out, "<expires>%s</expires>", minute(m->expires_min != 0 ? m->expires_min : 24 * 60, t));
    buf_fmt(out,
            "<senderName>海口市气象台</senderName><headline>%s</"
            "headline><description>受台风影响，请注意防范。</description>",
            or (m->title, "海口市气象台发布台风黄色预警信号"));
    if (!m->no_area)
        buf_fmt(out,
                "<area><areaDesc>海口市</areaDesc><geocode><valueName>CPEAS Geographic Code</valueName>"
                "<value>%s</value></geocode></area>",
                or (m->code, "460100000000"));
    buf_str(out, "</info>");
}

void cap_said_xml(const struct cap_said *m, struct buf *out)
{
    char t[40];

    buf_fmt(out,
            "<alert xmlns=\"" CAP_NS
            "\"><identifier>%s</identifier><sender>%s</sender><sent>%s</sent><status>%s</status>"
            "<msgType>%s</msgType><scope>%s</scope>",
            or (m->id, "a"), or (m->sender, CAP_SENDER), minute(m->sent_min, t), or (m->status, "Actual"),
            or (m->type, "Alert"), or (m->scope, "Public"));
    if (m->refs != NULL)
        add_refs(m, out);
    if (!m->no_info)
        add_info(m, "zh-CN", out);
    buf_str(out, "</alert>");
}

void cap_said_parse(const struct cap_said *m, struct cap_list *l)
{
    struct buf b = BUF_INIT(1 << 20);
    struct err e;

    cap_said_xml(m, &b);
    if (cap_parse(l, buf_cstr(&b), b.len, &e) != 0)
        fail_msg("%s", e.msg);
    buf_fini(&b);
}
