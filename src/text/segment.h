/* How many messages a text is: GSM-7, UCS-2 and the mainland's own counting.
 *
 * Source: facts/providers/08-sms-text-facts.md 8.1-8.3. Pure. */
#ifndef TEXT_SEGMENT_H
#define TEXT_SEGMENT_H

#include <stddef.h>

enum segment_market { SEGMENT_CN, SEGMENT_INTL };
enum segment_encoding { SEGMENT_GSM7, SEGMENT_UCS2 };

struct segment_measure {
    size_t characters; /* as the market counts them, signature with its brackets included */
    size_t parts;      /* >= 1 unless the text is empty (0) */
    enum segment_encoding encoding;
    size_t left; /* characters that still fit into the last part */
};

/* Measure valid UTF-8. ${sign} NULL or without brackets ("龙华社区" counts as 【龙华社区】). */
void segment_measure(const char *text, size_t n, const char *sign, enum segment_market m,
                     struct segment_measure *out);
const char *segment_encoding_name(enum segment_encoding e); /* "gsm7" | "ucs2" */

#endif
