#include "daemon/roster_export.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/activity_ics.h"
#include "text/csv.h"
#include "text/phone.h"

/* ---- a table ---- */

static void csv_field(struct buf *out, const char *s, bool last)
{
    csv_cell(out, s, strlen(s));
    buf_str(out, last ? "\r\n" : ",");
}

static void csv_number(struct buf *out, uint32_t n, bool last)
{
    if (n > 0)
        buf_u64(out, n);
    buf_str(out, last ? "\r\n" : ",");
}

static void csv(struct buf *out, const struct roster_export *x)
{
    char masked[PHONE_MAX];

    buf_str(out, "\xEF\xBB\xBFplace,name,phone,count,status,position\r\n");
    for (size_t i = 0; i < x->n; i++) {
        const struct roster_entry *e = &x->entries[i];

        phone_mask(e->phone, masked);
        csv_number(out, e->place, false);
        csv_field(out, e->name, false);
        csv_field(out, x->full ? e->phone : masked, false);
        csv_number(out, e->count, false);
        csv_field(out, reg_status_name(e->status), false);
        csv_number(out, e->position, true);
    }
}

/* ---- lines ---- */

/* 接龙: what people paste into a chat; names without numbers. */
static void text_line(struct buf *out, size_t i, const struct roster_entry *e)
{
    buf_fmt(out, "%zu. %s", i, e->name[0] != '\0' ? e->name : "(未登记姓名)");
    if (e->count > 1)
        buf_fmt(out, " %u人", e->count);
    if (e->status == REG_WAITING)
        buf_fmt(out, " (候补第%u位)", e->position);
    if (e->status == REG_OFFERED)
        buf_str(out, " (待确认)");
    buf_chr(out, '\n');
}

static void text(struct buf *out, const struct roster_export *x)
{
    const struct activity *a = x->activity;
    size_t shown = 0;

    buf_fmt(out, "%s (%u/%u)\n", a->title, a->taken, a->seats);
    for (size_t i = 0; i < x->n; i++)
        if (x->entries[i].status != REG_WITHDRAWN)
            text_line(out, ++shown, &x->entries[i]);
}

/* ---- a sheet to print ---- */

static void html(struct buf *out, const char *s)
{
    static const struct {
        char c;
        const char *as;
    } signs[] = {
        {'&',  "&amp;" },
        {'<',  "&lt;"  },
        {'>',  "&gt;"  },
        {'"',  "&quot;"},
        {'\'', "&#39;" },
    };

    for (; *s != '\0'; s++) {
        const char *as = NULL;
        for (size_t i = 0; i < ARRAY_LEN(signs); i++)
            if (signs[i].c == *s)
                as = signs[i].as;
        if (as != NULL)
            buf_str(out, as);
        else
            buf_chr(out, *s);
    }
}

static void cell(struct buf *out, const char *s)
{
    buf_str(out, "<td>");
    html(out, s);
    buf_str(out, "</td>");
}

static void sheet_row(struct buf *out, const struct roster_export *x, const struct roster_entry *e)
{
    static const char *const words[] = {
        [REG_CONFIRMED] = "", [REG_WAITING] = "候补", [REG_ATTENDED] = "已签到", [REG_OFFERED] = "待确认"};
    char masked[PHONE_MAX];

    phone_mask(e->phone, masked);
    buf_fmt(out, "<tr><td>%u</td>", e->status == REG_WAITING ? e->position : e->place);
    cell(out, e->name);
    buf_fmt(out, "<td>%u</td>", e->count);
    cell(out, strncmp(e->phone, "erased:", 7) == 0 ? "" : x->full ? e->phone : masked);
    cell(out, words[e->status]);
    buf_str(out, "<td class=\"sign\"></td></tr>\n");
}

static void sheet(struct buf *out, const struct roster_export *x)
{
    const struct activity *a = x->activity;
    struct clock_local t;

    clock_local(a->starts_at, x->tz, &t);
    buf_str(out, "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>");
    html(out, a->title);
    buf_str(out, "</title><style>\n@page { size: A4; margin: 15mm }\nbody { font: 16pt sans-serif; margin: 0 "
                 "}\nh1 { font-size: 24pt; "
                 "margin: 0 0 4mm }\ntable { border-collapse: collapse; width: 100% }\nthead { display: "
                 "table-header-group }\ntr { "
                 "break-inside: avoid }\nth, td { border: 1px solid #000; padding: 2mm; text-align: left "
                 "}\ntd.sign { width: 40mm; height: "
                 "10mm }\n</style></head><body>\n<h1>");
    html(out, a->title);
    buf_fmt(out, "</h1>\n<p>%d年%d月%d日 %02d:%02d ", t.year, t.month, t.day, t.hour, t.minute);
    html(out, a->place);
    buf_fmt(out,
            "　已报名 %u 人，名额 "
            "%u</p>\n<table><thead><tr><th>序号</th><th>姓名</th><th>人数</th><th>电话</th><th></"
            "th><th>签名</th></tr>"
            "</thead><tbody>\n",
            a->taken, a->seats);
    for (size_t i = 0; i < x->n; i++)
        if (x->entries[i].status != REG_WITHDRAWN)
            sheet_row(out, x, &x->entries[i]);
    buf_str(out, "</tbody></table></body></html>\n");
}

/* ---- a calendar ---- */

static void ics(struct buf *out, const struct roster_export *x)
{
    activity_ics(out, x->activity, x->community, x->now_at);
}

static const struct roster_format FORMATS[] = {
    {"csv",   "text/csv; charset=utf-8",      "roster.csv",   csv  },
    {"text",  "text/plain; charset=utf-8",    NULL,           text },
    {"sheet", "text/html; charset=utf-8",     "sheet.html",   sheet},
    {"ics",   "text/calendar; charset=utf-8", "activity.ics", ics  },
};

const struct roster_format *roster_format(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(FORMATS); i++)
        if (name == NULL || strcmp(FORMATS[i].name, name) == 0)
            return &FORMATS[i];
    return NULL;
}
