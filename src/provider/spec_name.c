/* The names of the language: what a request or a callback is made of. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "provider/sign.h"
#include "provider/spec_int.h"
#include "text/phone.h"

static int add(struct buf *out, const char *s)
{
    return buf_str(out, s);
}

/* ---- recipients ---- */

/* How many digits of ${digits} are the country's. */
static size_t country(const char *digits)
{
    static const char two[] =
        " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 "
        "81 82 84 86 90 91 92 93 94 95 98 ";
    char key[5] = {' ', digits[0], digits[1], ' ', '\0'};

    if (digits[0] == '1' || digits[0] == '7')
        return 1;
    return strstr(two, key) != NULL ? 2 : 3;
}

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_.:@"

enum number_form { FORM_E164, FORM_CN11, FORM_DIGITS, FORM_00, FORM_CC, FORM_NATIONAL };

static int add_number(struct buf *out, const char *to, enum number_form form)
{
    size_t cc = country(to + 1);
    bool mainland = strncmp(to, "+86", 3) == 0;

    switch (form) {
    case FORM_E164:
        return add(out, to);
    case FORM_CN11:
        return add(out, mainland ? to + 3 : to);
    case FORM_DIGITS:
        return add(out, to + 1);
    case FORM_00:
        return buf_fmt(out, "00%s", to + 1);
    case FORM_CC:
        return buf_add(out, to + 1, cc);
    case FORM_NATIONAL:
        return add(out, to + 1 + cc);
    }
    return -1;
}

static int add_numbers(struct spec_env *env, struct buf *out, enum number_form form)
{
    for (size_t i = 0; i < env->n; i++) {
        const char *to = env->m[i].to;

        if (form != FORM_E164 && !phone_is_e164(to, strlen(to)))
            return err_set(env->e, "bad-recipient", NULL, "the address is no telephone number");
        if (to[strspn(to, PLAIN)] != '\0') /* it stands in JSON and XML as it is */
            return err_set(env->e, "bad-recipient", NULL, "the address holds what no address holds");
        if (i > 0)
            add(out, env->spec->join);
        add_number(out, to, form);
    }
    return 0;
}

#define NUMBERS(name, form)                                                                                  \
    static int name(struct spec_env *env, const struct spec_node *node, struct buf *out)                     \
    {                                                                                                        \
        (void)node;                                                                                          \
        return add_numbers(env, out, form);                                                                  \
    }
NUMBERS(eval_to, FORM_E164)
NUMBERS(eval_to_cn11, FORM_CN11)
NUMBERS(eval_to_digits, FORM_DIGITS)
NUMBERS(eval_to_00, FORM_00)
NUMBERS(eval_to_cc, FORM_CC)
NUMBERS(eval_to_national, FORM_NATIONAL)

/* ---- the message ---- */

static int eval_nosign(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)node;
    return buf_add(out, env->m->text, env->m->text_len);
}

static const char *sign_of(const struct spec_env *env)
{
    return env->conf->sign != NULL ? env->conf->sign : "";
}

/* With the signature before it, unless it stands there already. */
static int eval_text(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    struct buf sign = BUF_INIT(400);

    if (sign_of(env)[0] != '\0')
        buf_fmt(&sign, "【%s】", sign_of(env));
    if (sign.len > env->m->text_len || memcmp(env->m->text, buf_cstr(&sign), sign.len) != 0)
        buf_add(out, buf_cstr(&sign), sign.len);
    buf_fini(&sign);
    return eval_nosign(env, node, out);
}

static int eval_sign(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)node;
    return add(out, sign_of(env));
}

static int eval_ref(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)node;
    return add(out, env->m->ref);
}

/* How long it is of use; nothing when there is no end. */
static int add_ttl(struct spec_env *env, struct buf *out, int64_t unit_ms, int64_t least)
{
    int64_t left = (env->m->not_after - env->now_ms) / unit_ms;

    return env->m->not_after > 0 ? buf_i64(out, left > least ? left : least) : 0;
}

static int eval_ttl(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)node;
    return add_ttl(env, out, 1000, 5);
}

static int eval_ttl_minutes(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)node;
    return add_ttl(env, out, 60000, 1);
}

static int eval_tpl(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)node;
    return add(out, env->match->t->id);
}

static int eval_p(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    const struct vendor_match *match = env->match;

    for (size_t i = 0; i < match->t->n_vars; i++)
        if (strcmp(match->t->vars[i].name, node->text) == 0)
            return buf_add(out, match->values[i].s, match->values[i].n);
    return err_set(env->e, "bad-message", NULL, "template %.40s has no variable called %.40s",
                   match->t->title, node->text);
}

static int eval_params(struct spec_env *env, struct buf *out, bool named)
{
    const struct vendor_match *match = env->match;

    buf_chr(out, named ? '{' : '[');
    for (size_t i = 0; i < match->t->n_vars; i++) {
        const char *name = match->t->vars[i].name;

        add(out, i > 0 ? ",\"" : "\"");
        if (named) {
            buf_json(out, name, strlen(name));
            add(out, "\":\"");
        }
        buf_json(out, match->values[i].s, match->values[i].n);
        buf_chr(out, '"');
    }
    return buf_chr(out, named ? '}' : ']');
}

static int eval_params_json(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)node;
    return eval_params(env, out, true);
}

static int eval_params_array(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)node;
    return eval_params(env, out, false);
}

/* ---- account and world ---- */

static int eval_cfg(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    struct secret room;
    const struct secret *s = spec_setting(env->conf, node->text, &room);

    return s != NULL ? buf_add(out, s->value, s->len) : 0; /* check() saw to those that must be there */
}

static int eval_hook_url(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)spec_hook_url(env->conf, node->text, out);
    return 0;
}

static int eval_unix(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)node;
    return buf_i64(out, env->now_ms / 1000);
}

static int eval_ms(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)node;
    return buf_i64(out, env->now_ms);
}

static int eval_nonce(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)node;
    return add(out, env->nonce);
}

/* The nonce in the form of a version 4 UUID. */
static int eval_uuid(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    const char *h = env->nonce;

    (void)node;
    if (strlen(h) != 32)
        return err_set(env->e, "bad-message", NULL, "no nonce was given");
    return buf_fmt(out, "%.8s-%.4s-4%.3s-8%.3s-%.12s", h, h + 8, h + 13, h + 17, h + 20);
}

static int eval_body(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)node;
    return buf_add(out, env->body, env->body_len);
}

/* ---- callbacks ---- */

static int eval_header(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    const char *value = env->in->header != NULL ? env->in->header(env->in->arg, node->text) : NULL;

    return value != NULL ? add(out, value) : 0;
}

static int eval_query(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    return add(out, form_get(env->query, node->text));
}

static int eval_field(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    return add(out, form_get(env->field, node->text));
}

/* Bytes: what a ref, a number or a time is made of can stand anywhere. */
static const struct spec_name names[] = {
    {"to",           eval_to,           AT_SENDING,            SAFE_JSON | SAFE_XML, false},
    {"to.cn11",      eval_to_cn11,      AT_SENDING,            SAFE_JSON | SAFE_XML, false},
    {"to.digits",    eval_to_digits,    AT_SENDING,            SAFE_ALL,             false},
    {"to.00",        eval_to_00,        AT_SENDING,            SAFE_ALL,             false},
    {"to.cc",        eval_to_cc,        AT_SENDING,            SAFE_ALL,             false},
    {"to.national",  eval_to_national,  AT_SENDING,            SAFE_ALL,             false},
    {"text",         eval_text,         AT_SENDING,            0,                    false},
    {"text.nosign",  eval_nosign,       AT_SENDING,            0,                    false},
    {"sign",         eval_sign,         AT_SENDING,            0,                    false},
    {"ref",          eval_ref,          AT_SENDING | AT_GIVEN, SAFE_ALL,             false},
    {"ttl",          eval_ttl,          AT_SENDING,            SAFE_ALL,             false},
    {"ttl.minutes",  eval_ttl_minutes,  AT_SENDING,            SAFE_ALL,             false},
    {"tpl",          eval_tpl,          AT_SENDING,            0,                    true },
    {"p.",           eval_p,            AT_SENDING,            0,                    true },
    {"params.json",  eval_params_json,  AT_SENDING,            SAFE_JSON,            true },
    {"params.array", eval_params_array, AT_SENDING,            SAFE_JSON,            true },
    {"cfg.",         eval_cfg,          AT_ANY,                0,                    false},
    {"hook.",        eval_hook_url,     AT_SENDING,            0,                    false},
    {"now.unix",     eval_unix,         AT_SENDING | AT_HOOK,  SAFE_ALL,             false},
    {"now.ms",       eval_ms,           AT_SENDING | AT_HOOK,  SAFE_ALL,             false},
    {"nonce",        eval_nonce,        AT_SENDING,            SAFE_ALL,             false},
    {"uuid",         eval_uuid,         AT_SENDING,            SAFE_ALL,             false},
    {"body",         eval_body,         AT_LATE | AT_HOOK,     0,                    false},
    {"let.",         spec_let_eval,     AT_ANY,                0,                    false},
    {"header.",      eval_header,       AT_HOOK,               0,                    false},
    {"query.",       eval_query,        AT_HOOK,               0,                    false},
    {"field.",       eval_field,        AT_HOOK,               0,                    false},
};

const struct spec_name *spec_name_find(const char *name, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len = strlen(names[i].name);
        bool open = names[i].name[len - 1] == '.';

        if ((open ? n > len : n == len) && memcmp(names[i].name, name, len) == 0)
            return &names[i];
    }
    return NULL;
}

void spec_name_list(struct buf *out, unsigned at)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if ((names[i].at & at) != 0)
            buf_fmt(out, "%s%s%s", out->len > 0 ? ", " : "", names[i].name,
                    names[i].name[strlen(names[i].name) - 1] == '.' ? "*" : "");
}
