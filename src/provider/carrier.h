/* What the codes in delivery reports of mainland carriers say. Sources disagree in detail, and what is in no table is "not delivered" without a reason, never more. */
#ifndef PROVIDER_CARRIER_H
#define PROVIDER_CARRIER_H

#include "provider/provider.h"

enum carrier_says {
    CARRIER_FAILED = 0,
    CARRIER_PENDING, /* nothing is decided yet, or never will be: the message stays what it is */
    CARRIER_DELIVERED
};
struct carrier_row {
    const char *code; /* one that ends in '*' is a beginning */
    enum carrier_says says;
    enum provider_about about;
    const char *words;
};

/* Fill ${about} and ${detail} ("CODE: words") of a receipt for a message that was not delivered: by the provider's own table first, then by the carriers'. ${told}: the provider's
 * words, for a code that is in neither. false: the code decides nothing (CARRIER_PENDING), or contradicts itself (CARRIER_DELIVERED). */
bool carrier_failed(const struct carrier_row *own, size_t n, const char *code, const char *told,
                    struct provider_receipt *r);

#endif
