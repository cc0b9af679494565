/* The drivers, for table.c and for tests: one per file, and what several of them share. */
#ifndef PROVIDER_DRIVERS_H
#define PROVIDER_DRIVERS_H

#include "provider/provider.h"

extern const struct driver http_driver;
extern const struct driver json_driver;
extern const struct driver sandbox_driver;
extern const struct driver twilio_driver;
extern const struct driver wechat_driver;
extern const struct driver wecom_driver;
extern const struct driver aliyun_driver;
extern const struct driver tencent_driver;

/* Callbacks in the JSON of contract 5 (drivers json and sandbox): an object or an array of at most 10,000. What phones and bridges do to a text does not keep it out: one longer
 * than CALLBACK_TEXT_MAX is cut, with a mark at its end that says so; NULs become blanks, halves of a character U+FFFD. A time or a detail that cannot be read is left out. */
#define CALLBACK_TEXT_MAX 16384 /* = ITEMS_TEXT_MAX */
int callback_receipts(const struct provider_conf *c, const char *body, size_t n,
                      void (*each)(void *arg, const struct provider_receipt *r),
                      void (*bad)(void *arg, const struct provider_bad *b), void *arg, struct err *e);
int callback_replies(const struct provider_conf *c, const char *body, size_t n,
                     void (*each)(void *arg, const struct provider_reply *r),
                     void (*bad)(void *arg, const struct provider_bad *b), void *arg, struct err *e);
/* ${body} for a JSON reader: halves of characters that a cut left in its strings (the first bytes of a UTF-8 sequence before the closing quote, a lone surrogate
 * as \u escape) become U+FFFD. Other bytes stay as they are: text in another encoding is no UTF-8 and must not look like it. */
void callback_mend(struct buf *out, const char *body, size_t n);

/* What somebody wrote, as it is kept: never refused for its length or for what it holds. ${text}: room for CALLBACK_TEXT_MAX bytes. */
void callback_text(struct buf *text, const char *s, size_t n);

/* The `callback` of drivers json and sandbox: POST .../reply, POST .../receipt. */
int callback_json(const struct provider_conf *c, const struct provider_callback *in,
                  const struct provider_sink *sink, struct provider_ack *ack, struct err *e);

/* What the url of a sandbox provider may say: "" | "sandbox:" | "sandbox:?delay=MS&receipt=MS" (receipt=off: phones never report).
 * 0, or -1 with code "bad-url". */
struct sandbox_url {
    int64_t delay_ms;   /* until a message is accepted; default 0 */
    int64_t receipt_ms; /* from acceptance to the report "delivered"; default 100; -1 = never */
};
int sandbox_url_parse(const char *url, struct sandbox_url *out, struct err *e) MUSTCHECK;

#endif
