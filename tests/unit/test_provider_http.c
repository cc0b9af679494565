/* Driver http: the language. What is wrong is said with its line; what expressions give; conditions and classes; callbacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/support/http_bed.h"
#include "tests/support/vectors.h"

static struct http_bed b;

#define HEAD "[request]\nbase = https://api.example\n"
#define TAIL "\n[response]\nok = /code == 0\n"

/* ---- what is wrong ---- */

static const struct {
    const char *text, *says;
} wrong[] = {
    {"x = 1\n",                                                                                                  "x.conf:1: an entry before any section"                },
    {"[nothing]\n",                                                                                              "x.conf:1: a section \"nothing\"; allowed: [let]"      },
    {"[request\n",                                                                                               "x.conf:1: a section that is not closed"               },
    {"[request]\n[request]\n",                                                                                   "x.conf:2: section [request] a second time"            },
    {"[request]\nhello\n",                                                                                       "x.conf:2: a line that is no entry"                    },
    {"[request]\n  hello\n",                                                                                     "x.conf:2: a line that begins with a blank"            },
    {"[request]\npath = /\xff\n",                                                                                "x.conf:2: bytes that are no text"                     },
    {"[request]\npath = /a\x01\n",                                                                               "x.conf:2: bytes that are no text"                     },
    {"[request]\nurl = /\n",                                                                                     "x.conf:2: entry \"url\"; allowed: base, method"       },
    {"[request]\npath = /\npath = /\n",                                                                          "x.conf:3: path a second time"                         },
    {"[let]\n",                                                                                                  "x.conf:1: no section [request]"                       },
    {HEAD,                                                                                                       "x.conf:1: no section [response]"                      },
    {"[request]\nbase = ftp://x\n" TAIL,                                                                         "x.conf:2: base \"ftp://x\"; allowed: http://"         },
    {"[request]\nbase = https://${cfg.host}\n" TAIL,                                                             "written out; or leave it"                             },
    {HEAD "path = x\n" TAIL,                                                                                     "x.conf:3: path \"x\"; allowed: /PATH"                 },
    {HEAD "method = PUT\n" TAIL,                                                                                 "x.conf:3: method \"PUT\"; allowed: POST, GET"         },
    {HEAD "method = GET\n[form]\na = 1\n" TAIL,                                                                  "a GET with a body"                                    },
    {HEAD "json = {}\n[form]\na = 1\n" TAIL,                                                                     "x.conf:3: json beside another body"                   },
    {HEAD "batch = 0\n" TAIL,                                                                                    "x.conf:3: batch \"0\"; allowed: 1 to 1000"            },
    {HEAD "needs = money\n" TAIL,                                                                                "x.conf:3: needs \"money\"; allowed: text, template"   },
    {HEAD "zone = Mars\n" TAIL,                                                                                  "x.conf:3: zone \"Mars\""                              },
 /* expressions */
    {HEAD "path = /${\n" TAIL,                                                                                   "x.conf:3: no expression"                              },
    {HEAD "path = /${ref\n" TAIL,                                                                                "x.conf:3: ${ that is not closed"                      },
    {HEAD "path = /${money}\n" TAIL,                                                                             "x.conf:3: name \"money\"; allowed here: to, "         },
    {HEAD "path = /${money(ref)}\n" TAIL,                                                                        "x.conf:3: function \"money\"; allowed: url, form"     },
    {HEAD "path = /${url(ref,ref)}\n" TAIL,                                                                      "x.conf:3: url() with 2 arguments; allowed: 1 to 1"    },
    {HEAD "path = /${url(ref}\n" TAIL,                                                                           "x.conf:3: url( is not closed"                         },
    {HEAD "path = /${'a}\n" TAIL,                                                                                "x.conf:3: a text that is not closed"                  },
    {HEAD "path = /${utc(ref)}\n" TAIL,                                                                          "argument 1 of utc(); allowed: a 'text' written out"   },
    {HEAD "path = /${url(utc('%s'))}\n" TAIL,                                                                    "x.conf:3: time format '%s'"                           },
    {HEAD "path = /${url(body)}\n" TAIL,                                                                         "x.conf:3: name \"body\"; allowed here"                },
    {HEAD "path = /${let.a}\n" TAIL,                                                                             "x.conf:3: let.a; allowed: a name that [let] gives"    },
    {"[let]\na = ${let.b}\nb = ${ref}\n" HEAD TAIL,                                                              "x.conf:2: let.b; allowed"                             },
    {"[let]\na = ${header.X}\n" HEAD "path = /${url(let.a)}\n" TAIL,                                             "let.a uses what is not known here"                    },
    {HEAD "path = /${url(sorted('form','=','&','none'))}\n" TAIL,                                                "sorted() here, where what it is made of"              },
    {HEAD "[form]\na = ${sorted('query','=','&','none')}\n" TAIL,                                                "sorted('query') here"                                 },
    {HEAD "[form]\na = ${sorted('formx','=','&','none')}\n" TAIL,
     "sorted('formx'); allowed: 'form', 'query'"                                                                                                                        },
    {HEAD "[form]\na = ${tpl}\n" TAIL,                                                                           "x.conf:4: the template of a message; allowed only"    },
    {HEAD "[form]\na = ${header.X}\n" TAIL,                                                                      "x.conf:4: name \"header.X\""                          },
    {HEAD "id = ${nonce}\n" TAIL,                                                                                "x.conf:3: name \"nonce\"; allowed here: ref, cfg.*"   },
    {HEAD
     "[form]\na = "
     "${url(url(url(url(url(url(url(url(url(url(url(url(url(url(url(url(url(ref))))))))))))))))))}\n" TAIL,
     "calls in calls, more than 16 deep"                                                                                                                                },
    {HEAD "[form]\na = ${ref ref}\n" TAIL,                                                                       "x.conf:4: ${ that is not closed"                      },
    {HEAD "[form]\na = 1\na = 2\n" TAIL,                                                                         "x.conf:5: a a second time"                            },
    {HEAD "[headers]\nHost = x\n" TAIL,                                                                          "x.conf:4: header Host; allowed: others"               },
    {HEAD "[headers]\nX Y = x\n" TAIL,                                                                           "x.conf:4: name \"X Y\""                               },
 /* values that could break out */
    {HEAD "json = {\"t\":\"${text}\"}\n" TAIL,
     "x.conf:3: piece 2 of this value stands unescaped in json; allowed: ${json(...)}"                                                                                  },
    {HEAD "json = {\"t\":\"${cfg.a}\"}\n" TAIL,                                                                  "stands unescaped in json"                             },
    {HEAD "json = {\"t\":\"${xml(text)}\"}\n" TAIL,                                                              "stands unescaped in json"                             },
    {HEAD "json = {\"t\":\"${cat('a', text)}\"}\n" TAIL,                                                         "stands unescaped in json"                             },
    {HEAD "json = {\"t\":\"${default(cfg.a, ref)}\"}\n" TAIL,                                                    "stands unescaped in json"                             },
    {HEAD "json = {\"t\":\"${default(ref, 'a\"b')}\"}\n" TAIL,                                                   "stands unescaped in json"                             },
    {"[let]\na = a\"${ref}\n" HEAD "json = {\"t\":\"${let.a}\"}\n" TAIL,                                         "stands unescaped in json"                             },
    {"[let]\na = ${text}\n" HEAD "json = {\"t\":\"${let.a}\"}\n" TAIL,                                           "stands unescaped in json"                             },
    {HEAD "path = /${text}\n" TAIL,                                                                              "stands unescaped in path; allowed: ${url(...)}"       },
    {HEAD "path = /${to}\n" TAIL,                                                                                "stands unescaped in path"                             },
    {HEAD "path = /${json(text)}\n" TAIL,                                                                        "stands unescaped in path"                             },
    {HEAD "xml = <a>${json(text)}</a>\n" TAIL,                                                                   "stands unescaped in xml; allowed: ${xml(...)}"        },
 /* answers */
    {HEAD "[response]\nid = /id\n",                                                                              "x.conf:3: no entry ok in [response]"                  },
    {HEAD "[response]\nok = http == 200\n",                                                                      "HTTP status 200 as the only sign of success"          },
    {HEAD "[response]\nok = http in 200, 201\n",                                                                 "HTTP status 200 as the only sign of success"          },
    {HEAD "[response]\nok = http != 500\n",                                                                      "HTTP status 200 as the only sign of success"          },
    {HEAD "[response]\nok = code == 0\n",                                                                        "x.conf:4: \"code\"; allowed: /path"                   },
    {HEAD "[response]\nok = /code is 0\n",                                                                       "x.conf:4: condition \"/code is 0\"; allowed"          },
    {HEAD "[response]\nok = /code ==\n",                                                                         "x.conf:4: condition \"/code ==\"; allowed"            },
    {HEAD "[response]\nok = /code =~ (\n",                                                                       "\"(\" is no regular expression"                       },
    {HEAD "[response]\nok = /code =~ a{9}\n",                                                                    "holds { or \\1"                                       },
    {HEAD "[response]\nok = /code =~ (a)\\1\n",                                                                  "holds { or \\1"                                       },
    {HEAD "[response]\nformat = yaml\nok = /a == 0\n",
     "x.conf:4: format \"yaml\"; allowed: json, form, text, xml"                                                                                                        },
    {HEAD "[response]\nitems = /d\nok = /a == 0\n",                                                              "items without item_ok and item_to"                    },
    {HEAD TAIL "[classes]\n5 = maybe\n",                                                                         "x.conf:7: \"maybe\"; allowed: sent, retry"            },
    {HEAD TAIL "[classes]\n5 = retry recipient\n",                                                               "x.conf:7: \"retry recipient\"; allowed"               },
    {HEAD TAIL "[classes]\n5 = bad-message opted-out\n",                                                         "x.conf:7: \"bad-message opted-out\""                  },
    {HEAD TAIL "[classes]\n\"5 = retry\n",                                                                       "a line that is no entry"                              },
    {HEAD TAIL "[classes]\n5,, = retry\n",                                                                       "a list of codes"                                      },
    {HEAD TAIL "[classes]\ndefault = sent\n",                                                                    "default \"sent\"; allowed: any class but sent"        },
    {HEAD TAIL "[http]\n200 = sent\n",                                                                           "a status that means sent"                             },
    {HEAD TAIL "[http]\nfive = retry\n",                                                                         "status \"five\"; allowed: 429, 5xx"                   },
 /* callbacks */
    {HEAD TAIL "[receipt]\nref = /r\n",                                                                          "[receipt] without status"                             },
    {HEAD TAIL "[receipt]\nstatus = /s\n[status]\n* = failed\n",                                                 "[receipt] without ref and id"                         },
    {HEAD "batch = 5\n" TAIL "[receipt]\nref = /r\nstatus = /s\n[status]\n* = failed\n",
     "of an API with batch, without id and to"                                                                                                                          },
    {HEAD TAIL "[receipt]\nref = /r\nstatus = /s\n[status]\n* = lost\n",
     "\"lost\"; allowed: delivered, failed, pending"                                                                                                                    },
    {HEAD TAIL "[reply]\nfrom = /f\n",                                                                           "[reply] without from and text"                        },
    {HEAD TAIL "[reply]\nfrom = /f\ntext = /t\nref = /r\n",                                                      "entry \"ref\"; allowed: kind"                         },
    {HEAD TAIL "[reply]\nfrom = /f\ntext = /t\nkind = A/B\n",                                                    "kind \"A/B\"; allowed"                                },
    {HEAD TAIL "[reply]\nfrom = /f\ntext = /t\ntime_format = soon\n",                                            "time_format \"soon\"; allowed: unix"                  },
    {HEAD TAIL "[reply]\nfrom = /f\ntext = /t\nack_type = a/b\n",                                                "ack_type \"a/b\""                                     },
    {HEAD TAIL "[reply]\nfrom = /f\ntext = /t\nunwrap = x\n",                                                    "unwrap of a JSON or XML body"                         },
    {HEAD TAIL "[auth]\nskew = 5\n",                                                                             "no entry check in [auth]"                             },
    {HEAD TAIL "[auth]\ncheck = header.A\n",                                                                     "check \"header.A\"; allowed: EXPRESSION == EXPRESSION"},
    {HEAD TAIL "[auth]\ncheck = text == header.A\n",                                                             "name \"text\"; allowed here"                          },
    {HEAD TAIL "[auth]\ncheck = header.A == sorted('form','','','none')\n",                                      "sorted() here"                                        },
};

static void test_what_is_wrong_is_said_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        int rc = http_bed_open(&b, wrong[i].text, NULL, NULL);

        if (rc == 0 || strstr(b.e.msg, wrong[i].says) == NULL || strcmp(b.e.code, "bad-spec") != 0)
            fail_msg("row %zu: not said: %s; said: %s", i, wrong[i].says, rc == 0 ? "nothing" : b.e.msg);
        http_bed_close(&b);
    }
}

/* ---- what expressions give ---- */

static const char *const settings[] = {"a=A b&c", "key=key1", NULL};
static const struct {
    const char *expr, *gives;
} right[] = {
    {"${to} ${to.cn11} ${to.digits} ${to.00} ${to.cc} ${to.national}",
     "+8613800138000 13800138000 8613800138000 008613800138000 86 13800138000"                                                                        },
    {"${text}|${text.nosign}|${sign}",                                          "【测试签名】停电 \"A\" & <b>|停电 \"A\" & <b>|测试签名"},
    {"${ref}",                                                                  "n1.0.1"                                                              },
    {"${ttl} ${ttl.minutes}|${default(ttl, 'never')}",                          "90 1|90"                                                             },
    {"$${ref} $ {} }",                                                          "${ref} $ {} }"                                                       },
    {"${ 'it\\'s \\\\ \\n' }x",                                                 "it's \\ \nx"                                                         },
    {"${now.unix} ${now.ms}",                                                   "1716192000 1716192000123"                                            },
    {"${utc('%Y-%m-%dT%H:%M:%SZ')}",                                            "2024-05-20T08:00:00Z"                                                },
    {"${local('%Y%m%d%H%M%S %y %j %%')}",                                       "20240520160000 24 141 %"                                             },
    {"${nonce}",                                                                "0123456789abcdef0123456789abcdef"                                    },
    {"${uuid}",                                                                 "01234567-89ab-4def-8123-456789abcdef"                                },
    {"${cfg.a}",                                                                "A b&c"                                                               },
    {"${default(cfg.none, 'else')} ${default(cfg.a, 'else')}",                  "else A b&c"                                                          },
    {"${url(cfg.a)} ${form(cfg.a)}",                                            "A%20b%26c A+b%26c"                                                   },
    {"${json(text.nosign)}",                                                    "停电 \\\"A\\\" & <b>"                                              },
    {"${xml(text.nosign)}",                                                     "停电 &quot;A&quot; &amp; &lt;b&gt;"                                },
    {"${lower('AbC')}${upper('AbC')}",                                          "abcABC"                                                              },
    {"${hex('az')} ${HEX('oz')}",                                               "617a 6F7A"                                                           },
    {"${b64('?>')} ${b64url('?>?')} ${b64url('?>')}",                           "Pz4= Pz4_ Pz4="                                                      },
    {"${hex(md5('secret'))}",                                                   "5ebe2294ecd0e0f08eab7690d2a6ee69"                                    },
    {"${hex(sha1('abc'))}",                                                     "a9993e364706816aba3e25717850c26c9cd0d89d"                            },
    {"${hex(sha256('abc'))}",                                                   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"    },
    {"${hex(hmac_sha1('key', 'The quick brown fox jumps over the lazy dog'))}",
     "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"                                                                                                       },
    {"${hex(utf16be('停😀'))}",                                              "505cd83dde00"                                                        },
    {"${basic('api', 'key-1')}",                                                "Basic YXBpOmtleS0x"                                                  },
    {"${hook.receipt}",                                                         "https://venus.example/hooks/p1/hook-secret/receipt"                  },
    {"${cat('a', ref, 'b')}",                                                   "an1.0.1b"                                                            },
};

static void test_expressions(void **state)
{
    struct provider_msg m = driver_msg("+8613800138000", "停电 \"A\" & <b>", "n1.0.1");

    (void)state;
    m.not_after = 1716192000123 + 90500;
    for (size_t i = 0; i < ARRAY_LEN(right); i++) {
        char text[1000];

        assert_true(snprintf(text, sizeof(text), HEAD "raw = %s\n" TAIL "[auth]\ncheck = cfg.a == cfg.key\n",
                             right[i].expr) > 0);
        if (http_bed_open(&b, text, NULL, settings) != 0 || http_driver.check(&b.conf, &b.e) != 0 ||
            http_driver.build(&b.conf, &m, 1, &b.req, &b.e) != 0)
            fail_msg("%s: %s", right[i].expr, b.e.msg);
        assert_string_equal(b.req.call.body, right[i].gives);
        http_bed_close(&b);
    }
}

/* Gateways of the survey that have a way of their own to sign: (description, where the result stands) -> result. */
static const struct {
    const char *name, *text, *in_body;
} signatures[] = {
    {"Yuntongxun: the same time twice",
     "[let]\nts = 20240520160000\n" HEAD
     "raw = ${HEX(md5(cat('SID123', 'TOKEN456', let.ts)))} ${b64(cat('SID123:', let.ts))}\n" TAIL,
     "70A160D32F030814FEF25A743CF27851 U0lEMTIzOjIwMjQwNTIwMTYwMDAw"},
    {"SendCloud: sorted fields between keys, without the signature itself",
     "[let]\ns = ${hex(md5(cat('key1&', sorted('form', '=', '&', 'none'), '&key1')))}\n" HEAD
     "[form]\nsmsUser = u1\nvars = {\"%name%\":\"张三\"}\nphone = ${to.cn11}\nmsgType = 0\ntemplateId = "
     "100\nsignature = ${let.s}\n" TAIL,
     "signature=881c3a9b600defd9140f6517354c4c92"                   },
    {"UCloud: sorted fields without anything between",
     HEAD "[form]\nAction = SendUSMSMessage\nPhoneNumbers.0 = ${to.cn11}\nPublicKey = pub1\nSigContent = "
          "${sign}\nTemplateId = UTA1\n"
          "TemplateParams.0 = 08:30\nSignature = ${hex(sha1(cat(sorted('form', '', '', 'none'), "
          "'priv1')))}\n" TAIL,
     "Signature=4d4b9af4881246dd8696ab89690abb43b10775e9"           },
    {"Chuanglan international",
     HEAD "raw = ${hex(md5(cat('account', 'I6000000', 'mobile', to.digits, 'msg', 'hello', 'nonce', "
          "'1716192000000', 'pwd1')))}\n" TAIL,
     "23fa0b79d8ee0488ad96c6aef2cbfb42"                             },
    {"zthysms: a hash in a hash",                                           HEAD "raw = ${hex(md5(cat(hex(md5('pwd1')), now.unix)))}\n" TAIL,
     "bf1000f95696205a6c2a07e1b202b609"                             },
    {"China Mobile MAS: mac",
     HEAD "raw = ${hex(md5(cat('EC1', 'AP1', 'SK1', to.cn11, text.nosign, 'SIGN1', '0001')))}\n" TAIL,
     "8503925fd568c2c8b13aa3f2d4ac1d4c"                             },
};

static void test_signatures_of_the_survey(void **state)
{
    struct provider_msg m = driver_msg("+8613800138000", "停电通知", "n1.0.1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(signatures); i++) {
        if (http_bed_open(&b, signatures[i].text, NULL, NULL) != 0 ||
            http_driver.build(&b.conf, &m, 1, &b.req, &b.e) != 0)
            fail_msg("%s: %s", signatures[i].name, b.e.msg);
        if (strstr(b.req.call.body, signatures[i].in_body) == NULL)
            fail_msg("%s: %s", signatures[i].name, b.req.call.body);
        http_bed_close(&b);
    }
}

/* Qiniu signs its body, Baidu derives a key from a key. */
static void test_chains_of_hmac_over_the_body(void **state)
{
    static const char qiniu[] = HEAD
        "path = /v1/message/single\n"
        "json = {\"template_id\":\"t1\",\"mobile\":\"${to.cn11}\",\"parameters\":{\"name\":\"张三\"}}\n"
        "[headers]\nAuthorization = Qiniu AK:${b64url(hmac_sha1('sk1', cat('POST /v1/message/single\\nHost: "
        "sms.qiniuapi.com\\nContent-Type: application/json\\n\\n', body)))}\n" TAIL;
    static const char baidu[] =
        "[let]\nd = ${utc('%Y-%m-%dT%H:%M:%SZ')}\np = bce-auth-v1/ak1/${let.d}/1800\n"
        "k = ${hex(hmac_sha256('sk1', let.p))}\n" HEAD
        "path = /api/v3/sendSms\njson = {}\n[headers]\nx-bce-date = ${let.d}\n"
        "Authorization = ${let.p}/host;x-bce-date/${hex(hmac_sha256(let.k, "
        "cat('POST\\n/api/v3/sendSms\\n\\nhost:smsv3.bj.baidubce.com\\nx-bce-date:', url(let.d))))}\n" TAIL;
    struct provider_msg m = driver_msg("+8613800138000", "停电通知", "n1.0.1");

    (void)state;
    assert_int_equal(http_bed_open(&b, qiniu, NULL, NULL), 0);
    assert_int_equal(http_driver.build(&b.conf, &m, 1, &b.req, &b.e), 0);
    assert_string_equal(b.req.header_list[0], "Content-Type: application/json");
    assert_string_equal(b.req.header_list[1], "Authorization: Qiniu AK:i-tjoXwT24jTIJFK9dHw5nM5ygE=");
    http_bed_close(&b);
    assert_int_equal(http_bed_open(&b, baidu, NULL, NULL), 0);
    assert_int_equal(http_driver.build(&b.conf, &m, 1, &b.req, &b.e), 0);
    assert_string_equal(b.req.header_list[1], "x-bce-date: 2024-05-20T08:00:00Z");
    assert_string_equal(b.req.header_list[2],
                        "Authorization: bce-auth-v1/ak1/2024-05-20T08:00:00Z/1800/host;x-bce-date/"
                        "ba5487511c981cad71c7e83e516e5cba15fbcfd23ce5d65424ee326c4f00e557");
    http_bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_signatures_of_the_survey),
        cmocka_unit_test(test_chains_of_hmac_over_the_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
