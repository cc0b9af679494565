/* Hashes, codings and escapes that signatures of messaging APIs are made of.
 *
 * Hides: libcrypto. Pure. Writers append to a buf: failures stay in its overflow. */
#ifndef PROVIDER_SIGN_H
#define PROVIDER_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum sign_hash { SIGN_MD5, SIGN_SHA1, SIGN_SHA256 };
#define SIGN_MAX 32 /* bytes of the longest hash */

/* Bytes of the result: 16, 20, 32. */
size_t sign_len(enum sign_hash h);
/* ${out}: SIGN_MAX bytes. The number of bytes written. */
size_t sign_hash(enum sign_hash h, const void *p, size_t n, uint8_t *out);
size_t sign_hmac(enum sign_hash h, const void *key, size_t key_len, const void *p, size_t n, uint8_t *out);

void sign_hex(struct buf *out, const void *p, size_t n, bool upper);
void sign_base64(struct buf *out, const void *p, size_t n);
/* The URL's alphabet, without padding. */
void sign_base64url(struct buf *out, const void *p, size_t n);
/* Decode standard base64; blanks and line ends are skipped, padding may be missing, unused bits may be set (WeChat's keys have such). -1 for other characters or overflow. */
int sign_unbase64(struct buf *out, const char *s, size_t n) MUSTCHECK;
/* RFC 3986: everything but A-Z a-z 0-9 - _ . ~ becomes %XX. */
void sign_percent(struct buf *out, const char *s, size_t n);
/* As forms do it: a blank becomes +, and * - . _ stay. */
void sign_form(struct buf *out, const char *s, size_t n);
/* AES-256 in CBC without padding: ${n} is a whole number of blocks of 16. Appends as many bytes; -1 when they do not fit or ${n} is none. */
int sign_aes256_cbc(struct buf *out, bool encrypt, const uint8_t key[32], const uint8_t iv[16], const void *p,
                    size_t n) MUSTCHECK;
/* Constant time, also over the length of ${given}. */
bool sign_equal(const char *expected, size_t n, const char *given, size_t given_len);
/* "2024-05-20T08:00:00Z" */
void sign_utc(struct buf *out, int64_t at_ms);

#endif
