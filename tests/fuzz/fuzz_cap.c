/* Files of official warnings: no crash, no hang; what is decided about one is decided the same way again, and the second time it is known. */
#include <stdlib.h>
#include <string.h>

#include "model/alert_decide.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void decide(struct alert_book *b, const struct cap_alert *a, const struct alert_rules *rules)
{
    struct alert_verdict v, again;
    struct warning w;

    if (a->bad[0] != '\0')
        return;
    warning_of(a, rules->watched, &w);
    alert_decide(b, &w, rules, 1758589560000LL, &v);
    alert_decide(b, &w, rules, 1758589560000LL, &again);
    if (v.why == NULL || again.decision != v.decision)
        abort();
    alert_book_add(b, &w, &v);
    alert_decide(b, &w, rules, 1758589560000LL, &again);
    if (v.decision != ALERT_REFUSE && again.decision != ALERT_IGNORE)
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct area_set watched;
    struct alert_rules rules = {.watched = &watched, .stale_ms = ALERT_STALE_MS, .drill_list = true};
    struct alert_book b = {.events = NULL};
    struct cap_list l;
    struct err e;

    if (area_set_parse(&watched, "460105,460106003", &e) != 0)
        abort();
    if (cap_parse(&l, (const char *)data, size, &e) == 0)
        for (size_t i = 0; i < l.n; i++)
            decide(&b, &l.alerts[i], &rules);
    cap_list_fini(&l);
    alert_book_fini(&b);
    return 0;
}
