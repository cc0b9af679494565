/* Any bytes in the inbox: refused with a code and a sentence, or a notice that is itself again after being written and read. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "queue/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(struct notice *n)
{
    struct err e;
    size_t len;
    char *s = codec_canonical(n, &len), *s2;
    struct notice *again = codec_stored(s, len, &e);

    if (again == NULL)
        panic("not read again: %s: %s", e.code, s);
    s2 = codec_canonical(again, NULL);
    if (strcmp(s, s2) != 0)
        panic("another notice: %s became %s", s, s2);
    free(s);
    free(s2);
    notice_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {{0}, {0}, {0}};
    struct notice *n = codec_notice((const char *)data, size, &e);

    if (n == NULL) {
        if (e.code[0] == '\0' || e.msg[0] == '\0')
            panic("refused without a word");
        return 0;
    }
    round_trip(n);
    if (notice_complete(n, 1758589860000, &e) == 0) {
        round_trip(n);
        if (notice_complete(n, 1758589860000, &e) != 0)
            panic("completed once, not twice: %s", e.msg);
    }
    notice_free(n);
    return 0;
}
