/* What WeChat official accounts and WeCom have in common: tokens, signatures, encryption, envelopes of callbacks.
 *
 * Facts: AES-256-CBC, the IV is the key's first half; plaintext = 16 random bytes, length (4 bytes, big-endian), message, id of the receiver, padded to 32. Pure. */
#ifndef PROVIDER_WEIXIN_H
#define PROVIDER_WEIXIN_H

#include <jansson.h>

#include "provider/classes.h"
#include "provider/form.h"
#include "provider/provider.h"

#define WEIXIN_AGE_MAX_MS 600000 /* of a callback's timestamp, either way */

/* EncodingAESKey: 43 letters and digits. */
bool weixin_key_valid(const struct secret *key);
/* SHA-1 in hex of the parts, sorted bytewise and put together. At most 4. */
void weixin_sign(struct buf *out, const char *const *parts, size_t n);
/* ${random}: 16 bytes. Appends base64. */
void weixin_encrypt(struct buf *out, const struct secret *key, const char *id, const char *random,
                    const char *msg, size_t n);
/* 0 with the message appended; -1: not base64, not whole blocks, wrong padding, length, or receiver. */
int weixin_decrypt(struct buf *out, const struct secret *key, const char *id, const char *encrypted,
                   size_t n);

/* The token of an answer {"errcode":0,"access_token":"...","expires_in":7200}; errcode may be missing. As driver_token.parse. */
int weixin_token_parse(const struct class_row *rows, size_t n_rows, const struct http_answer *a, char *token,
                       int64_t *lifetime_ms, struct err *e);

/* The call's query, and whether the call may be believed so far: its time is near ours. */
int weixin_query(struct form *query, const struct provider_callback *in, struct err *e);
/* The message of a POST as fields, its signature checked. ${id}: to whom it must be encrypted. ${plain}: an unencrypted one is taken (its body is not covered by the signature).
 * 0, or -1 with "hook-signature", "bad-xml", "bad-json"; form_fini frees. */
int weixin_open(struct form *msg, const struct provider_conf *c, const struct provider_callback *in,
                const struct form *query, const char *id, bool plain, struct err *e);
/* Is ${msg} (sender, time and kind of message in it) something with an id? Fills ${r}->id, from and sent_at; ${channel} becomes the prefix of from. -1 "bad-reply". */
int weixin_head(struct provider_reply *r, const struct form *msg, const char *channel, struct err *e);
/* What an ordinary message (no event) says, as text: into ${line} (1,024 bytes) where it is not borrowed from ${msg}. */
void weixin_words(struct provider_reply *r, const struct form *msg, char *line, size_t size);
bool weixin_is_event(const struct form *msg, const char *name);

/* Is ${word} in the comma separated ${variant}? */
bool weixin_variant(const char *variant, const char *word);
/* Are all words of ${variant} among ${allowed} (NULL terminated)? -1 with field "variant". */
int weixin_variant_check(const char *variant, const char *const *allowed, struct err *e);
/* hook_token and hook_key, when there are callbacks at all. ${plain}: a missing hook_key is fine. */
int weixin_hook_check(const struct provider_conf *c, bool plain, struct err *e);
/* {"errcode":N,...} of an answer: the object (to be decref'd; NULL = none) and its code as text ("" = none). */
json_t *weixin_answer(const struct http_answer *a, char code[24]);

#endif
