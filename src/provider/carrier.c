#include "provider/carrier.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"

static const struct carrier_row carriers[] = {
    {"DELIVRD",   CARRIER_DELIVERED, ABOUT_NOTHING,     ""                                          },
    {"DELIVERED", CARRIER_DELIVERED, ABOUT_NOTHING,     ""                                          },
    {"0",         CARRIER_DELIVERED, ABOUT_NOTHING,     ""                                          },
    {"000",       CARRIER_DELIVERED, ABOUT_NOTHING,     ""                                          },
    {"ACCEPTD",   CARRIER_PENDING,   ABOUT_NOTHING,     ""                                          },
    {"ENROUTE",   CARRIER_PENDING,   ABOUT_NOTHING,     ""                                          },
    {"BUFFERED",  CARRIER_PENDING,   ABOUT_NOTHING,     ""                                          },
    {"EXPIRED",   CARRIER_FAILED,    ABOUT_MISSED,      "off or out of area for too long"           },
    {"UNDELIV",   CARRIER_FAILED,    ABOUT_MISSED,      "off, suspended or out of area"             },
    {"DELETED",   CARRIER_FAILED,    ABOUT_MISSED,      "deleted by the carrier"                    },
    {"REJECTD",   CARRIER_FAILED,    ABOUT_NOTHING,     "rejected by the carrier"                   },
    {"UNKNOWN",   CARRIER_FAILED,    ABOUT_NOTHING,     "the carrier does not know"                 },
    {"NOROUTE",   CARRIER_FAILED,    ABOUT_NOTHING,     "no route to this number"                   },
    {"NO_ROUTE",  CARRIER_FAILED,    ABOUT_NOTHING,     "no route to this number"                   },
    {"MBBLACK",   CARRIER_FAILED,    ABOUT_OPTED_OUT,   "on a blacklist: wants no messages"         },
    {"DBBLACK",   CARRIER_FAILED,    ABOUT_OPTED_OUT,   "on a blacklist: wants no messages"         },
    {"BLACK",     CARRIER_FAILED,    ABOUT_OPTED_OUT,   "on a blacklist: wants no messages"         },
    {"TDBLACK",   CARRIER_FAILED,    ABOUT_OPTED_OUT,   "opted out at the carrier"                  },
    {"TSBLACK",   CARRIER_FAILED,    ABOUT_OPTED_OUT,   "on a blacklist after a complaint"          },
    {"XL:*",      CARRIER_FAILED,    ABOUT_OPTED_OUT,   "on a blacklist: wants no messages"         },
    {"KEYWORD",   CARRIER_FAILED,    ABOUT_NOTHING,     "blocked for its words"                     },
    {"XA:*",      CARRIER_FAILED,    ABOUT_NOTHING,     "blocked for its words"                     },
    {"-106",      CARRIER_FAILED,    ABOUT_NOTHING,     "blocked for its words"                     },
    {"MILIMIT",   CARRIER_FAILED,    ABOUT_NOTHING,     "too many messages to this number"          },
    {"LIMIT",     CARRIER_FAILED,    ABOUT_NOTHING,     "too many messages to this number"          },
    {"BEYONDN",   CARRIER_FAILED,    ABOUT_NOTHING,     "too many messages to this number"          },
    {"CTLIMIT",   CARRIER_FAILED,    ABOUT_NOTHING,     "too many messages to this number"          },
    {"DB:0142",   CARRIER_FAILED,    ABOUT_NOTHING,     "too many messages to this number"          },
    {"MK:0000",   CARRIER_FAILED,    ABOUT_DEAD_NUMBER, "no such number"                            },
    {"MK:0001",   CARRIER_FAILED,    ABOUT_DEAD_NUMBER, "no such number"                            },
    {"1",         CARRIER_FAILED,    ABOUT_DEAD_NUMBER, "no such number"                            },
    {"DB:0101",   CARRIER_FAILED,    ABOUT_DEAD_NUMBER, "no such number"                            },
    {"CB:0001",   CARRIER_FAILED,    ABOUT_DEAD_NUMBER, "no such number"                            },
    {"CB:0053",   CARRIER_FAILED,    ABOUT_DEAD_NUMBER, "no such number"                            },
    {"MK:0005",   CARRIER_FAILED,    ABOUT_MISSED,      "suspended"                                 },
    {"MK:0013",   CARRIER_FAILED,    ABOUT_MISSED,      "suspended"                                 },
    {"DB:0102",   CARRIER_FAILED,    ABOUT_MISSED,      "suspended"                                 },
    {"5",         CARRIER_FAILED,    ABOUT_MISSED,      "suspended"                                 },
    {"12",        CARRIER_FAILED,    ABOUT_MISSED,      "suspended"                                 },
    {"MK:0010",   CARRIER_FAILED,    ABOUT_MISSED,      "off or out of area for too long"           },
    {"MK:0023",   CARRIER_FAILED,    ABOUT_MISSED,      "off or out of area for too long"           },
    {"002",       CARRIER_FAILED,    ABOUT_MISSED,      "off, suspended or out of area"             },
    {"MK:0015",   CARRIER_FAILED,    ABOUT_NOTHING,     "held up by a gateway of the province"      },
    {"MK:0012",   CARRIER_FAILED,    ABOUT_NOTHING,     "held up by a gateway of the province"      },
    {"MK:0036",   CARRIER_FAILED,    ABOUT_NOTHING,     "held up by a gateway of the province"      },
    {"MK:1041",   CARRIER_FAILED,    ABOUT_NOTHING,     "held up by a gateway of the province"      },
    {"MN:0001",   CARRIER_FAILED,    ABOUT_NOTHING,     "held up by a gateway of the province"      },
    {"MB:1041",   CARRIER_FAILED,    ABOUT_NOTHING,     "held up by a gateway of the province"      },
    {"IA:*",      CARRIER_FAILED,    ABOUT_NOTHING,     "a fault between gateways"                  },
    {"IB:*",      CARRIER_FAILED,    ABOUT_NOTHING,     "a fault between gateways"                  },
    {"IC:*",      CARRIER_FAILED,    ABOUT_NOTHING,     "a fault between gateways"                  },
    {"ID:*",      CARRIER_FAILED,    ABOUT_NOTHING,     "a fault between gateways"                  },
    {"MA:*",      CARRIER_FAILED,    ABOUT_NOTHING,     "a fault between gateways"                  },
    {"CA:*",      CARRIER_FAILED,    ABOUT_NOTHING,     "a fault between gateways"                  },
    {"DA:0054",   CARRIER_FAILED,    ABOUT_NOTHING,     "a fault between gateways"                  },
    {"NP:1243",   CARRIER_FAILED,    ABOUT_NOTHING,     "moved to another carrier, not routed there"},
    {"SM11",      CARRIER_FAILED,    ABOUT_DEAD_NUMBER, "no such number"                            },
    {"SM12",      CARRIER_FAILED,    ABOUT_DEAD_NUMBER, "no such number"                            },
};

static bool fits(const char *pattern, const char *code)
{
    size_t n = strlen(pattern);

    if (n > 0 && pattern[n - 1] == '*')
        return strncmp(pattern, code, n - 1) == 0;
    return strcmp(pattern, code) == 0;
}

static const struct carrier_row *find(const struct carrier_row *rows, size_t n, const char *code)
{
    for (size_t i = 0; i < n; i++)
        if (fits(rows[i].code, code))
            return &rows[i];
    return NULL;
}

bool carrier_failed(const struct carrier_row *own, size_t n, const char *code, const char *told,
                    struct provider_receipt *r)
{
    static const struct carrier_row unknown = {
        .code = "", .says = CARRIER_FAILED, .about = ABOUT_NOTHING, .words = ""};
    const struct carrier_row *row = find(own, n, code);
    const char *words;
    char text[256];

    if (row == NULL)
        row = find(carriers, ARRAY_LEN(carriers), code);
    if (row == NULL)
        row = &unknown;
    if (row->says != CARRIER_FAILED)
        return false;
    r->state = RECIPIENT_FAILED;
    r->about = row->about;
    words = row->words[0] != '\0' ? row->words : told;
    if (snprintf(text, sizeof(text), "%.40s%s%.160s", code, code[0] != '\0' && words[0] != '\0' ? ": " : "",
                 words) < 0)
        text[0] = '\0';
    n = utf8_cut(text, strlen(text), sizeof(r->detail) - 1);
    for (size_t i = 0; i < n; i++)
        r->detail[i] = (char)((unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i]);
    r->detail[n] = '\0';
    return true;
}
