/* What kind of place an Internet address is.
 *
 * Hides: the lists of special networks (RFC 6890 and friends), including IPv4 inside IPv6. */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <stdbool.h>
#include <sys/socket.h>

enum addr_class {
    ADDR_PUBLIC,
    ADDR_LOOPBACK,   /* 127/8, ::1 */
    ADDR_PRIVATE,    /* RFC 1918, 100.64/10 (also Aliyun's metadata service), fc00::/7 */
    ADDR_LINK_LOCAL, /* 169.254/16 (metadata services of most clouds), fe80::/10 */
    ADDR_SPECIAL     /* unspecified, multicast, broadcast, documentation, anything but IPv4 and IPv6 */
};

enum addr_class addr_classify(const struct sockaddr *sa);
/* A literal IPv4 or IPv6 address (no brackets, no zone). false when ${host} is none. */
bool addr_literal(const char *host, struct sockaddr_storage *out);
/* Is this a network: "203.0.113.0/24", "2001:db8::/32", or one address? */
bool addr_is_network(const char *network);
/* Is the literal ${host} inside ${network}? false when either is none. An IPv4 address inside IPv6 (::ffff:a.b.c.d) is the IPv4 address. */
bool addr_in(const char *network, const char *host);

#endif
