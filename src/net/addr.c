#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

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

/* ---- networks ---- */

struct network {
    unsigned char bytes[16]; /* IPv4 mapped into IPv6 */
    int64_t bits;
};

static bool bytes_of(const char *host, struct network *out)
{
    static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};

    memcpy(out->bytes, mapped, 12);
    return inet_pton(AF_INET, host, out->bytes + 12) == 1 || inet_pton(AF_INET6, host, out->bytes) == 1;
}

static bool network_parse(const char *s, struct network *out)
{
    const char *slash = strchr(s, '/');
    char host[64];
    size_t n = slash != NULL ? (size_t)(slash - s) : strlen(s);
    int64_t most;

    if (n == 0 || n >= sizeof(host))
        return false;
    memcpy(host, s, n);
    host[n] = '\0';
    most = strchr(host, ':') != NULL ? 128 : 32;
    out->bits = 128;
    if (!bytes_of(host, out) || (slash != NULL && num_i64(slash + 1, 0, most, &out->bits) != 0))
        return false;
    if (slash != NULL)
        out->bits += 128 - most;
    return true;
}

bool addr_is_network(const char *network)
{
    struct network n;

    return network_parse(network, &n);
}

bool addr_in(const char *network, const char *host)
{
    struct network n, h;

    if (!network_parse(network, &n) || strchr(host, '/') != NULL || !network_parse(host, &h))
        return false;
    for (int64_t bit = 0; bit < n.bits; bit += 8) {
        int rest = n.bits - bit < 8 ? (int)(8 - (n.bits - bit)) : 0;

        if ((n.bytes[bit / 8] ^ h.bytes[bit / 8]) >> rest != 0)
            return false;
    }
    return true;
}
