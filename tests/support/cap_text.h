/* CAP messages for tests, in the form in which China's observatories issue them. */
#ifndef TESTS_CAP_TEXT_H
#define TESTS_CAP_TEXT_H

#include "base/buf.h"
#include "model/cap.h"

#define CAP_NS     "urn:oasis:names:tc:emergency:cap:1.2"
#define CAP_SENDER "haikou_qxt@example.cn"

/* What is left out (NULL, 0) is as in an ordinary actual yellow typhoon warning for 海口市, sent at CAP_T0, valid for 24 hours. */
struct cap_said {
    const char *id, *sender, *type, *status, *scope, *title, *event, *code, *severity, *urgency, *response;
    int sent_min, expires_min; /* minutes after CAP_T0; expires_min -1: not said */
    const char *refs;          /* ids of the same sender, blank separated: "ID@MIN" when not sent at CAP_T0 */
    const char *ref_sender;    /* another sender of these */
    bool no_info, no_area;
};
#define CAP_T0 1758589560000LL /* 2025-09-23T09:06:00+08:00 */

void cap_said_xml(const struct cap_said *m, struct buf *out);
/* Parsed; fails the test when that is not possible. The caller calls cap_list_fini. */
void cap_said_parse(const struct cap_said *m, struct cap_list *l);

#endif
