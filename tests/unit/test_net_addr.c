/* Addresses: what kind of place they are, and how those of a Redis and of a provider are
 * written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "net/addr.h"
#include "net/http.h"
#include "net/redis.h"

static const struct {
    const char *host;
    int class; /* -1 = no literal */
} addr_rows[] = {
    {"8.8.8.8",           ADDR_PUBLIC    },
    {"223.5.5.5",         ADDR_PUBLIC    },
    {"127.0.0.1",         ADDR_LOOPBACK  },
    {"127.255.255.254",   ADDR_LOOPBACK  },
    {"10.0.0.1",          ADDR_PRIVATE   },
    {"172.16.0.1",        ADDR_PRIVATE   },
    {"172.31.255.255",    ADDR_PRIVATE   },
    {"172.32.0.1",        ADDR_PUBLIC    },
    {"192.168.0.1",       ADDR_PRIVATE   },
    {"100.64.0.1",        ADDR_PRIVATE   },
    {"100.100.100.200",   ADDR_PRIVATE   }, /* Aliyun's metadata */
    {"100.128.0.1",       ADDR_PUBLIC    },
    {"169.254.169.254",   ADDR_LINK_LOCAL},
    {"0.0.0.0",           ADDR_SPECIAL   },
    {"224.0.0.1",         ADDR_SPECIAL   },
    {"255.255.255.255",   ADDR_SPECIAL   },
    {"198.51.100.7",      ADDR_SPECIAL   },
    {"::1",               ADDR_LOOPBACK  },
    {"::",                ADDR_SPECIAL   },
    {"fd00::1",           ADDR_PRIVATE   },
    {"fe80::1",           ADDR_LINK_LOCAL},
    {"ff02::1",           ADDR_SPECIAL   },
    {"2400:3200::1",      ADDR_PUBLIC    },
    {"2001:db8::1",       ADDR_SPECIAL   },
    {"2001::1",           ADDR_SPECIAL   },
    {"::ffff:127.0.0.1",  ADDR_LOOPBACK  },
    {"::ffff:8.8.8.8",    ADDR_PUBLIC    },
    {"64:ff9b::10.0.0.1", ADDR_PRIVATE   },
    {"2002:7f00:1::",     ADDR_LOOPBACK  }, /* 6to4 of 127.0.0.1 */
    {"::127.0.0.1",       ADDR_SPECIAL   }, /* the deprecated form */
    {"127.1",             -1             },
    {"localhost",         -1             },
    {"fe80::1%eth0",      -1             },
    {"[::1]",             -1             },
    {"",                  -1             },
};

static const struct {
    const char *network, *host;
    bool in;
} net_rows[] = {
    {"203.0.113.0/24", "203.0.113.255",      true },
    {"203.0.113.0/24", "203.0.114.1",        false},
    {"203.0.113.0/25", "203.0.113.128",      false},
    {"203.0.113.7",    "203.0.113.7",        true },
    {"203.0.113.7",    "203.0.113.8",        false},
    {"203.0.113.7",    "::ffff:203.0.113.7", true },
    {"0.0.0.0/0",      "8.8.8.8",            true },
    {"0.0.0.0/0",      "2001:db8::1",        false},
    {"2001:db8::/33",  "2001:db8:7fff::1",   true },
    {"2001:db8::/33",  "2001:db8:8000::1",   false},
    {"2001:db8::/33",  "203.0.113.1",        false},
    {"203.0.113.0/33", "203.0.113.1",        false},
    {"203.0.113.0/",   "203.0.113.1",        false},
    {"example",        "203.0.113.1",        false},
    {"203.0.113.0/24", "203.0.113.1/24",     false},
    {"203.0.113.0/24", "",                   false},
};

static void addresses_lie_in_networks(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(net_rows); i++)
        if (addr_in(net_rows[i].network, net_rows[i].host) != net_rows[i].in)
            fail_msg("%s in %s", net_rows[i].host, net_rows[i].network);
    assert_true(addr_is_network("10.0.0.0/8"));
    assert_false(addr_is_network("10.0.0.0/8x"));
}

static void addresses_have_a_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(addr_rows); i++) {
        struct sockaddr_storage sa;
        bool literal = addr_literal(addr_rows[i].host, &sa);
        int class = literal ? (int)addr_classify((const struct sockaddr *)&sa) : -1;

        if (class != addr_rows[i].class)
            fail_msg("%s: %d", addr_rows[i].host, class);
    }
}

static const struct {
    const char *url;
    bool good;
} url_rows[] = {
    {"unix:///run/redis.sock",               true },
    {"unix:///run/redis.sock?db=3",          true },
    {"unix://run/redis.sock",                false},
    {"unix:///run/redis.sock?db=x",          false},
    {"unix:///run/redis.sock?password=x",    false},
    {"redis://127.0.0.1:6379/0",             true },
    {"redis://127.0.0.1",                    true },
    {"redis://[::1]:6380/2",                 true },
    {"redis://user:p%40ss@localhost:6379/1", true },
    {"redis://:p@localhost",                 true },
    {"redis://user@localhost",               false},
    {"redis://u:p%0@localhost",              false},
    {"redis://u:p%00@localhost",             false},
    {"redis://localhost:0",                  false},
    {"redis://localhost:70000",              false},
    {"redis://localhost:6379/-1",            false},
    {"redis://localhost:6379/zwei",          false},
    {"redis://",                             false},
    {"redis://[::1",                         false},
    {"rediss://localhost",                   false},
    {"sentinel://m@h1:26379,h2:26379",       true },
    {"sentinel://m@[::1],127.0.0.1:7/3",     true },
    {"sentinel://u:p%40@m@localhost",        true },
    {"sentinel://m@",                        false},
    {"sentinel://m@h1,",                     false},
    {"sentinel://@h1",                       false},
    {"sentinel://h1:26379",                  false},
    {"sentinel://u@m@h1",                    false},
    {"sentinel://m@h1:0",                    false},
    {"sentinel://m@1,2,3,4,5,6,7,8,9",       true },
    {"sentinel://m@1,2,3,4,5,6,7,8,9,10",    false},
    {"",                                     false},
};

static void urls_of_redis_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(url_rows); i++) {
        struct err e = {.code = ""};
        bool good = redis_check_url(url_rows[i].url, &e) == 0;

        if (good != url_rows[i].good)
            fail_msg("%s: %s", url_rows[i].url, good ? "accepted" : e.msg);
        if (!good)
            assert_string_equal(e.code, "bad-url");
    }
}

static const struct {
    const char *url;
    bool allow_private;
    int reach; /* -1 = refused */
} provider_rows[] = {
    {"https://sms.example.com/send?x=1", false, HTTP_REACH_PUBLIC         },
    {"https://sms.example.com/send",     true,  HTTP_REACH_PRIVATE        },
    {"http://127.0.0.1:9000/send",       false, HTTP_REACH_LITERAL_PRIVATE},
    {"http://[::1]:9000/send",           false, HTTP_REACH_LITERAL_PRIVATE},
    {"http://192.168.1.5/send",          false, HTTP_REACH_LITERAL_PRIVATE},
    {"https://10.0.0.1/",                false, HTTP_REACH_LITERAL_PRIVATE},
    {"http://sms.example.com/send",      false, -1                        },
    {"http://localhost/send",            false, -1                        },
    {"http://gateway.lan/send",          true,  HTTP_REACH_PRIVATE        },
    {"http://8.8.8.8/",                  false, -1                        },
    {"http://8.8.8.8/",                  true,  -1                        },
    {"https://8.8.8.8/",                 false, HTTP_REACH_PUBLIC         },
    {"https://169.254.169.254/latest",   false, -1                        },
    {"http://100.100.100.200/",          false, HTTP_REACH_LITERAL_PRIVATE},
    {"http://0.0.0.0/",                  false, -1                        },
    {"http://[::ffff:127.0.0.1]/",       false, HTTP_REACH_LITERAL_PRIVATE},
    {"http://0x7f.1/",                   false, HTTP_REACH_LITERAL_PRIVATE},
    {"https://user:pw@sms.example.com/", false, -1                        },
    {"https://sms.example.com/#x",       false, -1                        },
    {"https://sms.example.com/a b",      false, -1                        },
    {"https://sms.example.com/\r\nX: y", false, -1                        },
    {"ftp://sms.example.com/",           false, -1                        },
    {"file:///etc/passwd",               true,  -1                        },
    {"https://",                         false, -1                        },
    {"https:/sms.example.com/",          false, -1                        },
    {"",                                 false, -1                        },
};

static void urls_of_providers_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(provider_rows); i++) {
        enum http_reach reach = HTTP_REACH_PUBLIC;
        struct err e = {.code = ""};
        int rc = http_check_url(provider_rows[i].url, provider_rows[i].allow_private, &reach, &e);

        if ((rc < 0) != (provider_rows[i].reach < 0) || (rc == 0 && (int)reach != provider_rows[i].reach))
            fail_msg("%s: rc %d, reach %d, %s", provider_rows[i].url, rc, (int)reach, e.msg);
        if (rc < 0)
            assert_string_equal(e.code, "bad-url");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_have_a_kind),
        cmocka_unit_test(addresses_lie_in_networks),
        cmocka_unit_test(urls_of_redis_are_checked),
        cmocka_unit_test(urls_of_providers_are_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
