/* The functions of the language. Each writes its result behind what ${out} holds. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/tz.h"
#include "provider/sign.h"
#include "provider/spec_int.h"
#include "text/utf8.h"

enum { VALUE_MAX = 256 * 1024, FIELDS_MAX = 100 };

#define FN(name) static int name(struct spec_env *env, const struct spec_node *node, struct buf *out)

/* The value of an argument; the caller frees it. */
static int arg(struct spec_env *env, const struct spec_node *node, size_t i, struct buf *value)
{
    buf_init(value, VALUE_MAX);
    return spec_eval(env, node->args[i], value);
}

/* ---- escapes and codings: one value in, one out ---- */

typedef void (*map_fn)(struct buf *out, const char *s, size_t n);

static int map(struct spec_env *env, const struct spec_node *node, struct buf *out, map_fn fn)
{
    struct buf v;
    int rc = arg(env, node, 0, &v);

    if (rc == 0)
        fn(out, buf_cstr(&v), v.len);
    buf_wipe(&v);
    buf_fini(&v);
    return rc;
}

static void map_json(struct buf *out, const char *s, size_t n)
{
    buf_json(out, s, n);
}

static void map_xml(struct buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *as = s[i] == '<'    ? "&lt;"
                         : s[i] == '>'  ? "&gt;"
                         : s[i] == '&'  ? "&amp;"
                         : s[i] == '"'  ? "&quot;"
                         : s[i] == '\'' ? "&apos;"
                                        : NULL;

        if (as != NULL)
            buf_str(out, as);
        else
            buf_chr(out, (unsigned char)s[i] < 0x20 && strchr("\t\n\r", s[i]) == NULL ? ' ' : s[i]);
    }
}

static void map_lower(struct buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_chr(out, s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i]);
}

static void map_upper(struct buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_chr(out, s[i] >= 'a' && s[i] <= 'z' ? (char)(s[i] - 32) : s[i]);
}

static void map_hex(struct buf *out, const char *s, size_t n)
{
    sign_hex(out, s, n, false);
}

static void map_hex_upper(struct buf *out, const char *s, size_t n)
{
    sign_hex(out, s, n, true);
}

static void map_b64(struct buf *out, const char *s, size_t n)
{
    sign_base64(out, s, n);
}

static void map_b64url(struct buf *out, const char *s, size_t n)
{
    sign_base64url(out, s, n);
    for (size_t i = n % 3; i != 0 && i < 3; i++)
        buf_chr(out, '=');
}

static void hash(struct buf *out, enum sign_hash h, const char *s, size_t n)
{
    uint8_t sum[SIGN_MAX];

    buf_add(out, sum, sign_hash(h, s, n, sum));
}

static void map_md5(struct buf *out, const char *s, size_t n)
{
    hash(out, SIGN_MD5, s, n);
}

static void map_sha1(struct buf *out, const char *s, size_t n)
{
    hash(out, SIGN_SHA1, s, n);
}

static void map_sha256(struct buf *out, const char *s, size_t n)
{
    hash(out, SIGN_SHA256, s, n);
}

static void map_utf16be(struct buf *out, const char *s, size_t n)
{
    const char *end = s + n;

    while (s < end) {
        int32_t c = utf8_next(&s, end);
        uint32_t u = c < 0 ? 0xfffd : (uint32_t)c, high = 0xd800 | ((u - 0x10000) >> 10 & 0x3ff);

        if (u > 0xffff) {
            buf_chr(out, (char)(high >> 8));
            buf_chr(out, (char)(high & 0xff));
            u = 0xdc00 | (u & 0x3ff);
        }
        buf_chr(out, (char)(u >> 8 & 0xff));
        buf_chr(out, (char)(u & 0xff));
    }
}

#define MAP(name, fn)                                                                                        \
    FN(name)                                                                                                 \
    {                                                                                                        \
        return map(env, node, out, fn);                                                                      \
    }
MAP(fn_url, sign_percent)
MAP(fn_form, sign_form)
MAP(fn_json, map_json)
MAP(fn_xml, map_xml)
MAP(fn_lower, map_lower)
MAP(fn_upper, map_upper)
MAP(fn_hex, map_hex)
MAP(fn_hex_upper, map_hex_upper)
MAP(fn_b64, map_b64)
MAP(fn_b64url, map_b64url)
MAP(fn_md5, map_md5)
MAP(fn_sha1, map_sha1)
MAP(fn_sha256, map_sha256)
MAP(fn_utf16be, map_utf16be)

/* ---- two values ---- */

typedef void (*pair_fn)(struct buf *out, const struct buf *a, const struct buf *b);

static int pair(struct spec_env *env, const struct spec_node *node, struct buf *out, pair_fn fn)
{
    struct buf a = BUF_INIT(0), b = BUF_INIT(0);
    int rc = arg(env, node, 0, &a) != 0 || arg(env, node, 1, &b) != 0 ? -1 : 0;

    if (rc == 0)
        fn(out, &a, &b);
    buf_wipe(&a);
    buf_fini(&a);
    buf_wipe(&b);
    buf_fini(&b);
    return rc;
}

static void pair_hmac(struct buf *out, enum sign_hash h, const struct buf *key, const struct buf *text)
{
    uint8_t sum[SIGN_MAX];

    buf_add(out, sum, sign_hmac(h, buf_cstr(key), key->len, buf_cstr(text), text->len, sum));
}

static void pair_hmac_sha1(struct buf *out, const struct buf *key, const struct buf *text)
{
    pair_hmac(out, SIGN_SHA1, key, text);
}

static void pair_hmac_sha256(struct buf *out, const struct buf *key, const struct buf *text)
{
    pair_hmac(out, SIGN_SHA256, key, text);
}

/* "Basic ..." of the header Authorization. */
static void pair_basic(struct buf *out, const struct buf *user, const struct buf *password)
{
    struct buf both = BUF_INIT(2 * VALUE_MAX + 1);

    buf_add(&both, buf_cstr(user), user->len);
    buf_chr(&both, ':');
    buf_add(&both, buf_cstr(password), password->len);
    buf_str(out, "Basic ");
    sign_base64(out, buf_cstr(&both), both.len);
    buf_wipe(&both);
    buf_fini(&both);
}

FN(fn_hmac_sha1)
{
    return pair(env, node, out, pair_hmac_sha1);
}

FN(fn_hmac_sha256)
{
    return pair(env, node, out, pair_hmac_sha256);
}

FN(fn_basic)
{
    return pair(env, node, out, pair_basic);
}

FN(fn_cat)
{
    for (size_t i = 0; i < node->n_args; i++)
        if (spec_eval(env, node->args[i], out) != 0)
            return -1;
    return 0;
}

FN(fn_default)
{
    size_t before = out->len;

    if (spec_eval(env, node->args[0], out) != 0)
        return -1;
    return out->len > before ? 0 : spec_eval(env, node->args[1], out);
}

/* ---- time ---- */

int spec_time_format_check(const char *fmt)
{
    for (; *fmt != '\0'; fmt++)
        if (*fmt == '%' && (*++fmt == '\0' || strchr("YymdjHMS%", *fmt) == NULL))
            return -1;
    return 0;
}

static void add_padded(struct buf *out, int value, int width)
{
    buf_fmt(out, "%0*d", width, value);
}

static int day_of_year(const struct clock_local *l)
{
    return (int)(tz_days(l->year, l->month, l->day) - tz_days(l->year, 1, 1)) + 1;
}

static int add_time(const char *fmt, const struct clock_local *l, struct buf *out)
{
    for (; *fmt != '\0'; fmt++) {
        char c = *fmt == '%' ? *++fmt : '\0';

        if (c == 'Y')
            add_padded(out, l->year, 4);
        else if (c == 'y')
            add_padded(out, l->year % 100, 2);
        else if (c == 'm')
            add_padded(out, l->month, 2);
        else if (c == 'd')
            add_padded(out, l->day, 2);
        else if (c == 'j')
            add_padded(out, day_of_year(l), 3);
        else if (c == 'H')
            add_padded(out, l->hour, 2);
        else if (c == 'M')
            add_padded(out, l->minute, 2);
        else if (c == 'S')
            add_padded(out, l->second, 2);
        else
            buf_chr(out, *fmt);
    }
    return 0;
}

FN(fn_utc)
{
    int64_t seconds = env->now_ms / 1000, days = seconds / 86400, rest = seconds % 86400;
    struct clock_local l = {
        .hour = (int)(rest / 3600), .minute = (int)(rest / 60 % 60), .second = (int)(rest % 60)};

    tz_date(days, &l.year, &l.month, &l.day);
    return add_time(node->args[0]->text, &l, out);
}

FN(fn_local)
{
    struct clock_local l;

    clock_local(env->now_ms, env->spec->zone, &l);
    return add_time(node->args[0]->text, &l, out);
}

/* ---- parameters of a template, fields of a request ---- */

/* '%k=%v': %k %v raw, %K %V percent encoded. */
static void add_param(struct buf *out, const char *fmt, const char *name, const struct vendor_value *v)
{
    for (; *fmt != '\0'; fmt++) {
        char c = *fmt == '%' && fmt[1] != '\0' ? *++fmt : '\0';

        if (c == 'k')
            buf_str(out, name);
        else if (c == 'K')
            sign_percent(out, name, strlen(name));
        else if (c == 'v')
            buf_add(out, v->s, v->n);
        else if (c == 'V')
            sign_percent(out, v->s, v->n);
        else
            buf_chr(out, *fmt);
    }
}

FN(fn_params_kv)
{
    const struct vendor_match *match = env->match;

    for (size_t i = 0; i < match->t->n_vars; i++) {
        if (i > 0)
            buf_str(out, node->args[1]->text);
        add_param(out, node->args[0]->text, match->t->vars[i].name, &match->values[i]);
    }
    return 0;
}

struct sorting {
    const char *name;
    struct buf value;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sorting *)a)->name, ((const struct sorting *)b)->name);
}

static void add_coded(struct buf *out, const char *s, size_t n, const char *how)
{
    if (strcmp(how, "none") == 0)
        buf_add(out, s, n);
    else
        (strcmp(how, "url") == 0 ? sign_percent : sign_form)(out, s, n);
}

static void add_sorted(struct buf *out, struct sorting *list, size_t n, const struct spec_node *node)
{
    const char *how = node->args[3]->text;

    qsort(list, n, sizeof(*list), by_name);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_str(out, node->args[2]->text);
        add_coded(out, list[i].name, strlen(list[i].name), how);
        buf_str(out, node->args[1]->text);
        add_coded(out, buf_cstr(&list[i].value), list[i].value.len, how);
    }
}

/* The fields but those that are made of it themselves: a signature does not sign itself. */
FN(fn_sorted)
{
    bool query = strcmp(node->args[0]->text, "query") == 0;
    const struct spec_fields *f = query ? &env->spec->query : &env->spec->form;
    struct sorting list[FIELDS_MAX];
    size_t n = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < f->n && n < FIELDS_MAX; i++) {
        if ((f->list[i].value->sorts & (query ? 2u : 1u)) != 0)
            continue;
        list[n] = (struct sorting){.name = f->list[i].name, .value = BUF_INIT(VALUE_MAX)};
        rc = spec_eval(env, f->list[i].value, &list[n].value);
        if (rc == 0 && (!f->list[i].optional || list[n].value.len > 0))
            n++;
        else
            buf_fini(&list[n].value);
    }
    if (rc == 0)
        add_sorted(out, list, n, node);
    for (size_t i = 0; i < n; i++)
        buf_fini(&list[i].value);
    return rc;
}

static const struct spec_func funcs[] = {
    {"url",         1, 1,  0,  0,                    SAFE_ALL,             AT_ANY,             fn_url        },
    {"form",        1, 1,  0,  0,                    SAFE_ALL,             AT_ANY,             fn_form       },
    {"json",        1, 1,  0,  0,                    SAFE_JSON,            AT_ANY,             fn_json       },
    {"xml",         1, 1,  0,  0,                    SAFE_XML,             AT_ANY,             fn_xml        },
    {"lower",       1, 1,  0,  SAFE_ALL,             0,                    AT_ANY,             fn_lower      },
    {"upper",       1, 1,  0,  SAFE_URL,             0,                    AT_ANY,             fn_upper      },
    {"hex",         1, 1,  0,  0,                    SAFE_ALL,             AT_ANY,             fn_hex        },
    {"HEX",         1, 1,  0,  0,                    SAFE_ALL,             AT_ANY,             fn_hex_upper  },
    {"b64",         1, 1,  0,  0,                    SAFE_JSON | SAFE_XML, AT_ANY,             fn_b64        },
    {"b64url",      1, 1,  0,  0,                    SAFE_ALL,             AT_ANY,             fn_b64url     },
    {"md5",         1, 1,  0,  0,                    0,                    AT_ANY,             fn_md5        },
    {"sha1",        1, 1,  0,  0,                    0,                    AT_ANY,             fn_sha1       },
    {"sha256",      1, 1,  0,  0,                    0,                    AT_ANY,             fn_sha256     },
    {"hmac_sha1",   2, 2,  0,  0,                    0,                    AT_ANY,             fn_hmac_sha1  },
    {"hmac_sha256", 2, 2,  0,  0,                    0,                    AT_ANY,             fn_hmac_sha256},
    {"basic",       2, 2,  0,  0,                    0,                    AT_ANY,             fn_basic      },
    {"utf16be",     1, 1,  0,  0,                    0,                    AT_ANY,             fn_utf16be    },
    {"utc",         1, 1,  1,  SAFE_JSON | SAFE_XML, 0,                    AT_ANY & ~AT_GIVEN, fn_utc        },
    {"local",       1, 1,  1,  SAFE_JSON | SAFE_XML, 0,                    AT_ANY & ~AT_GIVEN, fn_local      },
    {"cat",         1, 64, 0,  SAFE_ALL,             0,                    AT_ANY,             fn_cat        },
    {"default",     2, 2,  0,  SAFE_ALL,             0,                    AT_ANY,             fn_default    },
    {"sorted",      4, 4,  15, 0,                    0,                    AT_BODY | AT_LATE,  fn_sorted     },
    {"params.kv",   2, 2,  3,  0,                    0,                    AT_SENDING,         fn_params_kv  },
};

const struct spec_func *spec_func_find(const char *name, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(funcs); i++)
        if (strlen(funcs[i].name) == n && memcmp(funcs[i].name, name, n) == 0)
            return &funcs[i];
    return NULL;
}

void spec_func_list(struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(funcs); i++)
        buf_fmt(out, "%s%s", i > 0 ? ", " : "", funcs[i].name);
}
