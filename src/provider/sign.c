#include "provider/sign.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"

static const EVP_MD *md_of(enum sign_hash h)
{
    switch (h) {
    case SIGN_MD5:
        return EVP_md5();
    case SIGN_SHA1:
        return EVP_sha1();
    case SIGN_SHA256:
        return EVP_sha256();
    }
    return NULL;
}

size_t sign_len(enum sign_hash h)
{
    static const size_t len[] = {[SIGN_MD5] = 16, [SIGN_SHA1] = 20, [SIGN_SHA256] = 32};

    return len[h];
}

size_t sign_hash(enum sign_hash h, const void *p, size_t n, uint8_t *out)
{
    unsigned len = 0;

    if (EVP_Digest(n > 0 ? p : "", n, out, &len, md_of(h), NULL) != 1 || len != sign_len(h))
        panic("libcrypto cannot hash");
    return len;
}

size_t sign_hmac(enum sign_hash h, const void *key, size_t key_len, const void *p, size_t n, uint8_t *out)
{
    unsigned len = 0;

    if (key_len > INT32_MAX ||
        HMAC(md_of(h), key_len > 0 ? key : "", (int)key_len, n > 0 ? p : (const void *)"", n, out, &len) ==
            NULL ||
        len != sign_len(h))
        panic("libcrypto cannot make an HMAC");
    return len;
}

/* ---- codings ---- */

void sign_hex(struct buf *out, const void *p, size_t n, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        unsigned char c = ((const unsigned char *)p)[i];

        buf_chr(out, digits[c >> 4]);
        buf_chr(out, digits[c & 15]);
    }
}

static void base64(struct buf *out, const unsigned char *p, size_t n, const char *alphabet, bool pad)
{
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v =
            (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);

        buf_chr(out, alphabet[v >> 18]);
        buf_chr(out, alphabet[v >> 12 & 63]);
        if (left > 1 || pad)
            buf_chr(out, left > 1 ? alphabet[v >> 6 & 63] : '=');
        if (left > 2 || pad)
            buf_chr(out, left > 2 ? alphabet[v & 63] : '=');
    }
}

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

void sign_base64(struct buf *out, const void *p, size_t n)
{
    base64(out, p, n, LETTERS "+/", true);
}

void sign_base64url(struct buf *out, const void *p, size_t n)
{
    base64(out, p, n, LETTERS "-_", false);
}

int sign_unbase64(struct buf *out, const char *s, size_t n)
{
    static const char alphabet[] = LETTERS "+/";
    uint32_t bits = 0;
    unsigned have = 0;
    bool ended = false;

    for (size_t i = 0; i < n; i++) {
        const char *at;

        if (strchr(" \t\r\n", s[i]) != NULL && s[i] != '\0')
            continue;
        if (s[i] == '=') {
            ended = true;
            continue;
        }
        at = s[i] != '\0' ? strchr(alphabet, s[i]) : NULL;
        if (at == NULL || ended)
            return -1;
        bits = bits << 6 | (uint32_t)(at - alphabet);
        have += 6;
        if (have >= 8) {
            have -= 8;
            buf_chr(out, (char)(bits >> have & 0xff));
        }
    }
    return out->overflow ? -1 : 0;
}

/* ---- escapes ---- */

static void escape(struct buf *out, const char *s, size_t n, const char *stays, bool plus)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c != '\0' && strchr(stays, c) != NULL) {
            buf_chr(out, s[i]);
        } else if (plus && c == ' ') {
            buf_chr(out, '+');
        } else {
            buf_chr(out, '%');
            sign_hex(out, &c, 1, true);
        }
    }
}

void sign_percent(struct buf *out, const char *s, size_t n)
{
    escape(out, s, n, LETTERS "-_.~", false);
}

void sign_form(struct buf *out, const char *s, size_t n)
{
    escape(out, s, n, LETTERS "*-._", true);
}

/* ---- encryption ---- */

int sign_aes256_cbc(struct buf *out, bool encrypt, const uint8_t key[32], const uint8_t iv[16], const void *p,
                    size_t n)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *to = xmalloc(n + 16);
    int len = 0, rest = 0, rc = -1;

    if (ctx == NULL || EVP_CipherInit_ex(ctx, EVP_aes_256_cbc(), NULL, key, iv, encrypt) != 1 ||
        EVP_CIPHER_CTX_set_padding(ctx, 0) != 1)
        panic("libcrypto cannot do AES");
    if (n > 0 && n % 16 == 0 && n <= INT32_MAX - 16 && EVP_CipherUpdate(ctx, to, &len, p, (int)n) == 1 &&
        EVP_CipherFinal_ex(ctx, to + len, &rest) == 1)
        rc = buf_add(out, to, (size_t)(len + rest));
    OPENSSL_cleanse(to, n + 16);
    free(to);
    EVP_CIPHER_CTX_free(ctx);
    return rc;
}

/* ---- the rest ---- */

bool sign_equal(const char *expected, size_t n, const char *given, size_t given_len)
{
    unsigned char wrong = n != given_len;

    for (size_t i = 0; i < given_len; i++)
        wrong |= (unsigned char)(given[i] ^ (i < n ? expected[i] : '\x01'));
    return n > 0 && wrong == 0;
}

void sign_utc(struct buf *out, int64_t at_ms)
{
    time_t t = (time_t)(at_ms / 1000);
    struct tm tm;
    char text[32];

    if (gmtime_r(&t, &tm) == NULL || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        panic("no time can be written for %lld", (long long)at_ms);
    buf_str(out, text);
}
