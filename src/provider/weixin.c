#include "provider/weixin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/sign.h"

enum { KEY_CHARS = 43, KEY_BYTES = 32, BLOCK = 32, HEAD = 20 /* 16 random bytes and the length */ };

bool weixin_key_valid(const struct secret *key)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    return key != NULL && key->len == KEY_CHARS && strspn(key->value, allowed) == KEY_CHARS;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void weixin_sign(struct buf *out, const char *const *parts, size_t n)
{
    const char *sorted[4];
    struct buf all = BUF_INIT(1u << 20);
    uint8_t hash[SIGN_MAX];

    if (n > ARRAY_LEN(sorted))
        panic("a signature of %zu parts", n);
    memcpy(sorted, parts, n * sizeof(sorted[0]));
    qsort(sorted, n, sizeof(sorted[0]), by_bytes);
    for (size_t i = 0; i < n; i++)
        buf_str(&all, sorted[i]);
    if (all.overflow)
        out->overflow = true;
    sign_hex(out, hash, sign_hash(SIGN_SHA1, buf_cstr(&all), all.len, hash), false);
    buf_fini(&all);
}

static void key_bytes(const struct secret *key, uint8_t out[KEY_BYTES])
{
    struct buf b = BUF_INIT(KEY_BYTES);

    if (!weixin_key_valid(key) || sign_unbase64(&b, key->value, key->len) != 0 || b.len != KEY_BYTES)
        panic("no key of WeChat: check it first");
    memcpy(out, b.data, KEY_BYTES);
    buf_wipe(&b);
    buf_fini(&b);
}

void weixin_encrypt(struct buf *out, const struct secret *key, const char *id, const char *random,
                    const char *msg, size_t n)
{
    struct buf b = BUF_INIT(1u << 20), sealed = BUF_INIT(1u << 20);
    const unsigned char len[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8),
                                  (unsigned char)n};
    uint8_t k[KEY_BYTES];
    size_t pad;

    buf_add(&b, random, 16);
    buf_add(&b, len, sizeof(len));
    buf_add(&b, msg, n);
    buf_str(&b, id);
    pad = BLOCK - b.len % BLOCK;
    for (size_t i = 0; i < pad; i++)
        buf_chr(&b, (char)pad);
    key_bytes(key, k);
    if (b.overflow || sign_aes256_cbc(&sealed, true, k, k, b.data, b.len) != 0)
        out->overflow = true;
    sign_base64(out, sealed.data, sealed.len);
    buf_wipe(&b);
    buf_fini(&b);
    buf_fini(&sealed);
    memset(k, 0, sizeof(k));
}

/* What is inside the padding: random, length, message, receiver. */
static int unwrap(struct buf *out, const char *p, size_t n, const char *id)
{
    size_t pad = n > 0 ? (unsigned char)p[n - 1] : 0, len, id_len = strlen(id);
    const unsigned char *u = (const unsigned char *)p;

    if (pad < 1 || pad > BLOCK || n < pad + HEAD)
        return -1;
    for (size_t i = n - pad; i < n; i++)
        if (u[i] != pad)
            return -1;
    n -= pad;
    len = (size_t)u[16] << 24 | (size_t)u[17] << 16 | (size_t)u[18] << 8 | u[19];
    if (len > n - HEAD || n - HEAD - len != id_len || memcmp(p + HEAD + len, id, id_len) != 0)
        return -1;
    return buf_add(out, p + HEAD, len);
}

int weixin_decrypt(struct buf *out, const struct secret *key, const char *id, const char *encrypted, size_t n)
{
    struct buf sealed = BUF_INIT(1u << 20), plain = BUF_INIT(1u << 20);
    uint8_t k[KEY_BYTES];
    int rc = -1;

    key_bytes(key, k);
    if (sign_unbase64(&sealed, encrypted, n) == 0 && sealed.len > 0 && sealed.len % 16 == 0 &&
        sign_aes256_cbc(&plain, false, k, k, sealed.data, sealed.len) == 0)
        rc = unwrap(out, plain.data, plain.len, id);
    buf_fini(&sealed);
    buf_wipe(&plain);
    buf_fini(&plain);
    memset(k, 0, sizeof(k));
    return rc;
}

/* ---- settings ---- */

bool weixin_variant(const char *variant, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = variant; *p != '\0';) {
        size_t len = strcspn(p, ",");

        if (len == n && strncmp(p, word, n) == 0)
            return true;
        p += len + (p[len] == ',');
    }
    return false;
}

int weixin_variant_check(const char *variant, const char *const *allowed, struct err *e)
{
    char word[40];

    for (const char *p = variant; *p != '\0';) {
        size_t len = strcspn(p, ","), i = 0;

        if (len < sizeof(word)) {
            memcpy(word, p, len);
            word[len] = '\0';
            while (allowed[i] != NULL && strcmp(allowed[i], word) != 0)
                i++;
        }
        if (len >= sizeof(word) || allowed[i] == NULL)
            return err_set(e, "bad-option", "variant",
                           "\"%.40s\" is none of this driver's ways; see crier.conf(5)", variant);
        p += len + (p[len] == ',');
    }
    return 0;
}

int weixin_hook_check(const struct provider_conf *c, bool plain, struct err *e)
{
    bool has_key = c->hook_key != NULL && c->hook_key->len > 0;

    if (c->hook_secret == NULL || c->hook_secret->len == 0)
        return 0;
    if (c->hook_token == NULL || c->hook_token->len == 0)
        return err_set(e, "bad-option", "hook_token",
                       "callbacks are signed with the Token set at the vendor's console: name it here");
    if (has_key ? !weixin_key_valid(c->hook_key) : !plain)
        return err_set(e, "bad-option", "hook_key",
                       "the EncodingAESKey: 43 letters and digits; callbacks are taken encrypted only");
    return 0;
}

/* ---- answers ---- */

json_t *weixin_answer(const struct http_answer *a, char code[24])
{
    json_t *o = json_loadb(a->body != NULL ? a->body : "", a->body_len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *v = json_object_get(o, "errcode");

    code[0] = '\0';
    if (json_is_integer(v))
        (void)snprintf(code, 24, "%lld", (long long)json_integer_value(v)); /* 20 characters at most */
    return o;
}

int weixin_token_parse(const struct class_row *rows, size_t n_rows, const struct http_answer *a, char *token,
                       int64_t *lifetime_ms, struct err *e)
{
    char code[24];
    json_t *o = weixin_answer(a, code);
    const json_t *t = json_object_get(o, "access_token"), *life = json_object_get(o, "expires_in");
    const struct class_row *row = class_find(rows, n_rows, code);
    size_t n = json_string_length(t);
    int rc = -1;

    if (code[0] != '\0' && strcmp(code, "0") != 0) {
        /* 40001 says of a token that it is stale, and here that the secret is wrong. */
        (void)err_set(e, row != NULL && row->verdict == VERDICT_BAD_ACCOUNT ? "bad-account" : "token", NULL,
                      "no access token: %s%s%s", code, row != NULL ? ": " : "",
                      row != NULL ? row->words : "");
    } else if (a->status != 200 || n == 0 || n >= PROVIDER_TOKEN_MAX ||
               strspn(json_string_value(t),
                      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != n ||
               !json_is_integer(life) || json_integer_value(life) < 1 || json_integer_value(life) > 86400) {
        (void)err_set(e, "token", NULL, "no access token in the answer (HTTP status %d)", a->status);
    } else {
        memcpy(token, json_string_value(t), n + 1);
        *lifetime_ms = json_integer_value(life) * 1000;
        rc = 0;
    }
    json_decref(o);
    return rc;
}
