#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

static const struct {
    uint32_t net;
    int bits;
    enum addr_class class;
} v4_nets[] = {
    {0x00000000, 8,  ADDR_SPECIAL   }, /* 0/8: "this network"; connects to this host */
    {0x0A000000, 8,  ADDR_PRIVATE   }, /* 10/8 */
    {0x64400000, 10, ADDR_PRIVATE   }, /* 100.64/10 */
    {0x7F000000, 8,  ADDR_LOOPBACK  }, /* 127/8 */
    {0xA9FE0000, 16, ADDR_LINK_LOCAL}, /* 169.254/16 */
    {0xAC100000, 12, ADDR_PRIVATE   }, /* 172.16/12 */
    {0xC0000000, 24, ADDR_SPECIAL   }, /* 192.0.0/24: protocol assignments */
    {0xC0000200, 24, ADDR_SPECIAL   }, /* 192.0.2/24: documentation */
    {0xC0586300, 24, ADDR_SPECIAL   }, /* 192.88.99/24: 6to4 relays */
    {0xC0A80000, 16, ADDR_PRIVATE   }, /* 192.168/16 */
    {0xC6120000, 15, ADDR_SPECIAL   }, /* 198.18/15: benchmarks */
    {0xC6336400, 24, ADDR_SPECIAL   }, /* 198.51.100/24: documentation */
    {0xCB007100, 24, ADDR_SPECIAL   }, /* 203.0.113/24: documentation */
    {0xE0000000, 3,  ADDR_SPECIAL   }, /* 224/4 multicast, 240/4 reserved, broadcast */
};

static enum addr_class classify_v4(uint32_t host_order)
{
    for (size_t i = 0; i < ARRAY_LEN(v4_nets); i++)
        if ((host_order ^ v4_nets[i].net) >> (32 - v4_nets[i].bits) == 0)
            return v4_nets[i].class;
    return ADDR_PUBLIC;
}

static uint32_t v4_inside(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static enum addr_class classify_v6(const unsigned char *a)
{
    static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF}, nat64[12] = {0x00, 0x64, 0xFF, 0x9B};
    static const unsigned char zeros[16];

    if (memcmp(a, zeros, 15) == 0 && a[15] == 1)
        return ADDR_LOOPBACK;
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
        return classify_v4(v4_inside(a + 12));
    if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
        return classify_v4(v4_inside(a + 2));
    if ((a[0] & 0xFE) == 0xFC)
        return ADDR_PRIVATE;
    if (a[0] == 0xFE && (a[1] & 0xC0) == 0x80)
        return ADDR_LINK_LOCAL;
    if ((a[0] & 0xE0) != 0x20) /* outside of 2000::/3 nothing is public */
        return ADDR_SPECIAL;
    if (a[0] == 0x20 && a[1] == 0x01 && (a[2] < 0x02 || (a[2] == 0x0D && a[3] == 0xB8)))
        return ADDR_SPECIAL; /* 2001:0::/23 (Teredo, protocol assignments), 2001:db8::/32 */
    return ADDR_PUBLIC;
}

enum addr_class addr_classify(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, sa, sizeof(in));
        return classify_v4(ntohl(in.sin_addr.s_addr));
    }
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, sa, sizeof(in6));
        return classify_v6(in6.sin6_addr.s6_addr);
    }
    return ADDR_SPECIAL;
}

bool addr_literal(const char *host, struct sockaddr_storage *out)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
        memcpy(out, &in, sizeof(in));
        return true;
    }
    if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
        memcpy(out, &in6, sizeof(in6));
        return true;
    }
    return false;
}
