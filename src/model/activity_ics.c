#include "model/activity_ics.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "text/utf8.h"

#define LINE_MAX_BYTES 73 /* 75 with the CR LF kept out, one less for the blank of a continued line */

/* One content line: escaped, folded between characters. */
static void add_line(struct buf *out, const char *name, const char *value, bool is_text)
{
    struct buf line = BUF_INIT(4096);
    size_t at = 0;

    buf_fmt(&line, "%s:", name);
    for (const char *p = value; *p != '\0'; p++) {
        if (is_text && strchr("\\;,", *p) != NULL)
            buf_chr(&line, '\\');
        if (is_text && *p == '\n')
            buf_str(&line, "\\n");
        else
            buf_chr(&line, *p);
    }
    while (line.len - at > LINE_MAX_BYTES) {
        size_t n = utf8_cut(line.data + at, line.len - at, LINE_MAX_BYTES);
        buf_add(out, line.data + at, n);
        buf_str(out, "\r\n ");
        at += n;
    }
    buf_add(out, line.data + at, line.len - at);
    buf_str(out, "\r\n");
    if (line.overflow)
        panic("a line of a calendar does not fit");
    buf_fini(&line);
}

static void add_time(struct buf *out, const char *name, int64_t at)
{
    struct clock_local t;
    char text[64];
    struct buf b = BUF_INIT(sizeof(text));

    clock_local(at, "UTC", &t);
    buf_fmt(&b, "%04d%02d%02dT%02d%02d%02dZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
    add_line(out, name, buf_cstr(&b), false);
    buf_fini(&b);
}

int activity_ics(struct buf *out, const struct activity *a, const char *community, int64_t now_at)
{
    struct buf uid = BUF_INIT(256), sequence = BUF_INIT(16);

    buf_fmt(&uid, "%s@%s.crier", a->code, community);
    buf_fmt(&sequence, "%u", a->rev);
    buf_str(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//crier//activities//"
                 "EN\r\nMETHOD:PUBLISH\r\nBEGIN:VEVENT\r\n");
    add_line(out, "UID", buf_cstr(&uid), true);
    add_line(out, "SEQUENCE", buf_cstr(&sequence), false);
    add_time(out, "DTSTAMP", now_at);
    add_time(out, "DTSTART", a->starts_at);
    add_line(out, "SUMMARY", a->title, true);
    if (a->place[0] != '\0')
        add_line(out, "LOCATION", a->place, true);
    if (a->map[0] != '\0')
        add_line(out, "URL", a->map, false);
    if (a->price[0] != '\0')
        add_line(out, "DESCRIPTION", a->price, true);
    add_line(out, "STATUS", a->stored == ACTIVITY_CANCELLED ? "CANCELLED" : "CONFIRMED", false);
    buf_str(out, "END:VEVENT\r\nEND:VCALENDAR\r\n");
    buf_fini(&uid);
    buf_fini(&sequence);
    return out->overflow ? -1 : 0;
}
