#include "daemon/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"

#define FRESH_MS 10000 /* older than this: read again, behind the answer */
#define HURRY_MS 1000  /* an unknown id makes us read again, at most this often: who comes sooner waits */
#define BAD_MAX  5
#define BAD_MS   60000
#define PEERS    256
#define KEYS_MAX 1000

struct waiting {
    char *token, *peer;
    tokens_fn cb;
    void *arg;
    TAILQ_ENTRY(waiting) entry;
};

struct tokens {
    struct loop *loop;
    struct queue *q;
    struct keyring_key *keys, *next; /* in use; being read */
    size_t n_keys, n_next;
    int64_t read_at; /* monotonic ms of the last complete reading; 0 = never */
    bool reading, again;
    TAILQ_HEAD(, waiting) waiting;
    struct {
        char peer[64];
        int64_t since;
        int n;
    } bad[PEERS];
    char *file, *file_name, *file_role;
    struct loop_timer *file_timer, *hurry;
    char made[TOKENS_TEXT]; /* the token being stored */
};

static void on_file_timer(void *arg);
static void on_hurry(void *arg);

struct tokens *tokens_new(struct loop *l, struct queue *q)
{
    struct tokens *t = xcalloc(1, sizeof(*t));

    t->loop = l;
    t->q = q;
    t->file_timer = loop_timer_new(l, on_file_timer, t);
    t->hurry = loop_timer_new(l, on_hurry, t);
    TAILQ_INIT(&t->waiting);
    return t;
}

static void waiting_free(struct waiting *w)
{
    OPENSSL_cleanse(w->token, strlen(w->token));
    free(w->token);
    free(w->peer);
    free(w);
}

void tokens_free(struct tokens *t)
{
    struct waiting *w;

    if (t == NULL)
        return;
    while ((w = TAILQ_FIRST(&t->waiting)) != NULL) {
        TAILQ_REMOVE(&t->waiting, w, entry);
        waiting_free(w);
    }
    loop_timer_free(t->file_timer);
    loop_timer_free(t->hurry);
    free(t->keys);
    free(t->next);
    free(t->file);
    free(t->file_name);
    free(t->file_role);
    free(t);
}

/* ---- judging ---- */

static void hash_hex(const char *secret, char out[65])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char md[SHA256_DIGEST_LENGTH];

    SHA256((const unsigned char *)secret, strlen(secret), md);
    for (size_t i = 0; i < sizeof(md); i++) {
        out[2 * i] = hex[md[i] >> 4];
        out[2 * i + 1] = hex[md[i] & 15];
    }
    out[64] = '\0';
}

/* The key that ${token} proves, or NULL. *${known}: there is a key with its id. */
static const struct keyring_key *prove(const struct tokens *t, const char *token, bool *known)
{
    const char *dot = strchr(token, '.');
    char hash[65];

    *known = false;
    for (size_t i = 0; dot != NULL && i < t->n_keys; i++) {
        const struct keyring_key *k = &t->keys[i];
        if (strlen(k->id) != (size_t)(dot - token) || strncmp(k->id, token, strlen(k->id)) != 0)
            continue;
        *known = true;
        hash_hex(dot + 1, hash);
        return strlen(k->sha256) == 64 && CRYPTO_memcmp(hash, k->sha256, 64) == 0 ? k : NULL;
    }
    return NULL;
}

/* Count a bad token; true when there were too many. The table forgets the oldest address when it is full. */
static bool count_bad(struct tokens *t, const char *peer, bool add)
{
    int64_t now = clock_mono_ms();
    size_t slot = 0;

    for (size_t i = 0; i < PEERS; i++) {
        if (t->bad[i].n > 0 && strcmp(t->bad[i].peer, peer) == 0) {
            slot = i;
            break;
        }
        if (t->bad[i].since < t->bad[slot].since)
            slot = i;
    }
    if (t->bad[slot].n == 0 || strcmp(t->bad[slot].peer, peer) != 0 || now - t->bad[slot].since >= BAD_MS) {
        int n = snprintf(t->bad[slot].peer, sizeof(t->bad[slot].peer), "%s", peer);
        if (n < 0 || (size_t)n >= sizeof(t->bad[slot].peer))
            t->bad[slot].peer[0] = '\0';
        t->bad[slot].since = now;
        t->bad[slot].n = 0;
    }
    if (t->bad[slot].n >= BAD_MAX)
        return true;
    t->bad[slot].n += add;
    return false;
}

static void refuse(struct tokens *t, const char *peer, tokens_fn cb, void *arg)
{
    bool limited = count_bad(t, peer, true);

    if (limited)
        log_warn("api.tokens-limited", "peer=%s", peer);
    cb(arg, limited ? TOKENS_LIMITED : TOKENS_BAD, NULL);
}

/* ---- the keyring ---- */

static void on_key(void *arg, const struct keyring_key *k)
{
    struct tokens *t = arg;

    if (t->n_next < KEYS_MAX) {
        t->next = xrealloc(t->next, (t->n_next + 1) * sizeof(*t->next));
        t->next[t->n_next++] = *k;
    }
}

static void answer_waiting(struct tokens *t, bool readable)
{
    TAILQ_HEAD(, waiting) list;
    struct waiting *w;
    bool known;

    TAILQ_INIT(&list);
    TAILQ_CONCAT(&list, &t->waiting, entry);
    while ((w = TAILQ_FIRST(&list)) != NULL) {
        const struct keyring_key *k = prove(t, w->token, &known);
        TAILQ_REMOVE(&list, w, entry);
        if (k != NULL)
            w->cb(w->arg, TOKENS_GOOD, k);
        else if (!readable)
            w->cb(w->arg, TOKENS_UNAVAILABLE, NULL);
        else
            refuse(t, w->peer, w->cb, w->arg);
        waiting_free(w);
    }
}

static void on_read(void *arg, const struct queue_result *r)
{
    struct tokens *t = arg;

    t->reading = false;
    if (r->status == QUEUE_OK) {
        free(t->keys);
        t->keys = t->next;
        t->n_keys = t->n_next;
        t->next = NULL;
        t->read_at = clock_mono_ms();
    }
    t->n_next = 0;
    if (t->again)
        tokens_refresh(t);
    else
        answer_waiting(t, r->status == QUEUE_OK);
}

void tokens_refresh(struct tokens *t)
{
    t->again = t->reading;
    if (t->reading)
        return;
    t->reading = true;
    t->n_next = 0;
    keyring_list(t->q, on_key, on_read, t);
}

/* Perhaps it was made just now, here or by another daemon. */
static void wait_for_keyring(struct tokens *t, const char *token, const char *peer, tokens_fn cb, void *arg)
{
    struct waiting *w = xcalloc(1, sizeof(*w));
    int64_t age = t->read_at != 0 ? clock_mono_ms() - t->read_at : HURRY_MS;

    w->token = xstrdup(token);
    w->peer = xstrdup(peer);
    w->cb = cb;
    w->arg = arg;
    TAILQ_INSERT_TAIL(&t->waiting, w, entry);
    if (t->reading || loop_timer_armed(t->hurry))
        return;
    loop_timer_arm_ms(t->hurry, age < HURRY_MS ? HURRY_MS - age : 0);
}

static void on_hurry(void *arg)
{
    tokens_refresh(arg);
}

void tokens_check(struct tokens *t, const char *authorization, const char *peer, tokens_fn cb, void *arg)
{
    const char *token = authorization;
    const struct keyring_key *k;
    int64_t age = t->read_at != 0 ? clock_mono_ms() - t->read_at : INT64_MAX;
    bool known;

    if (token == NULL || strncasecmp(token, "Bearer ", 7) != 0) {
        cb(arg, TOKENS_MISSING, NULL);
        return;
    }
    token += 7 + strspn(token + 7, " ");
    k = prove(t, token, &known);
    if (k == NULL && !known && !count_bad(t, peer, false)) {
        wait_for_keyring(t, token, peer, cb, arg);
        return;
    }
    if (age > FRESH_MS && !t->reading)
        tokens_refresh(t);
    if (k != NULL)
        cb(arg, TOKENS_GOOD, k);
    else
        refuse(t, peer, cb, arg);
}

void tokens_learn(struct tokens *t, const struct keyring_key *k)
{
    t->keys = xrealloc(t->keys, (t->n_keys + 1) * sizeof(*t->keys));
    t->keys[t->n_keys++] = *k;
}

void tokens_forget(struct tokens *t, const char *id)
{
    for (size_t i = 0; i < t->n_keys; i++)
        if (strcmp(t->keys[i].id, id) == 0) {
            t->keys[i] = t->keys[--t->n_keys];
            break;
        }
    tokens_refresh(t);
}

/* ---- making ---- */

static void fill(char *out, size_t n, const char *s)
{
    int len = snprintf(out, n, "%s", s);

    if (len < 0 || (size_t)len >= n)
        panic("a part of a key does not fit: check it first");
}

void tokens_make(const char *name, const char *role, const char *community, struct keyring_key *k,
                 char token[TOKENS_TEXT])
{
    char id[17], secret[65];
    int n;

    *k = (struct keyring_key){.created_at = clock_wall_ms()};
    secret_random_hex(id, 5);
    secret_random_hex(secret, 32);
    fill(k->id, sizeof(k->id), id);
    fill(k->name, sizeof(k->name), name);
    fill(k->role, sizeof(k->role), role);
    fill(k->community, sizeof(k->community), community);
    hash_hex(secret, k->sha256);
    n = snprintf(token, TOKENS_TEXT, "%s.%s", id, secret);
    OPENSSL_cleanse(secret, sizeof(secret));
    if (n < 0 || (size_t)n >= TOKENS_TEXT)
        panic("a token does not fit");
}

static void write_file(const struct tokens *t, const char *token)
{
    char *draft = xasprintf("%s.new", t->file);
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && dprintf(fd, "%s\n", token) > 0;

    ok = (fd < 0 || close(fd) == 0) && ok && rename(draft, t->file) == 0;
    if (ok)
        log_info("api.console-token", "path=\"%s\"", t->file);
    else
        log_error("api.console-token", "path=\"%s\" error=\"%s\"", t->file, strerror(errno));
    free(draft);
}

static bool file_is_good(const struct tokens *t)
{
    struct secret s;
    struct err e;
    char *spec = xasprintf("file:%s", t->file);
    bool known, good = access(t->file, R_OK) == 0 && secret_load(&s, spec, &e) == 0;

    free(spec);
    if (!good)
        return false;
    good = s.value != NULL && prove(t, s.value, &known) != NULL;
    secret_fini(&s);
    return good;
}

static void on_made(void *arg, const struct queue_result *r)
{
    struct tokens *t = arg;

    if (r->status == QUEUE_OK) {
        write_file(t, t->made);
        tokens_refresh(t);
    } else
        loop_timer_arm_ms(t->file_timer, 500);
    OPENSSL_cleanse(t->made, sizeof(t->made));
}

static void on_file_timer(void *arg)
{
    struct tokens *t = arg;
    struct keyring_key k;

    if (t->read_at == 0) { /* not before we know which keys there are */
        if (!t->reading)
            tokens_refresh(t);
        loop_timer_arm_ms(t->file_timer, 100);
        return;
    }
    if (file_is_good(t))
        return;
    tokens_make(t->file_name, t->file_role, "", &k, t->made);
    keyring_put(t->q, &k, on_made, t);
}

void tokens_file(struct tokens *t, const char *path, const char *name, const char *role)
{
    t->file = xstrdup(path);
    t->file_name = xstrdup(name);
    t->file_role = xstrdup(role);
    loop_timer_arm_ms(t->file_timer, 1);
}
