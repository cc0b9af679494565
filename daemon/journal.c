#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "daemon/journal_int.h"

void journal_sha256_hex(const char *p, size_t n, char out[JOURNAL_HASH_HEX + 1])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_Digest(p, n, sum, &len, EVP_sha256(), NULL) != 1 || len != JOURNAL_HASH_HEX / 2)
        panic("SHA-256 failed");
    for (unsigned i = 0; i < len; i++) {
        out[2 * i] = "0123456789abcdef"[sum[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[sum[i] & 15];
    }
    out[JOURNAL_HASH_HEX] = '\0';
}

/* ---- records ---- */

/* The notice's id and its end, from its own JSON. */
static void read_json(struct record *r)
{
    json_t *o = json_loadb(r->json, r->r.n, 0, NULL);
    const char *id = json_string_value(json_object_get(o, "id")),
               *not_after = json_string_value(json_object_get(o, "not_after"));

    r->id = xstrdup(id != NULL ? id : "");
    if (not_after == NULL || clock_parse_iso(not_after, &r->r.not_after, NULL) != 0)
        r->r.not_after = 0;
    json_decref(o);
}

struct record *journal_remember(struct journal *j, const char *body, size_t n, size_t bytes)
{
    const char *tab = memchr(body, '\t', n);
    size_t name = tab != NULL ? (size_t)(tab - body) : n;
    struct record *r = xcalloc(1, sizeof(*r));

    r->place = ++j->n_places;
    r->bytes = bytes;
    r->r.number = ++j->last_number;
    r->r.n = tab != NULL ? n - name - 1 : 0;
    r->community = xstrndup(body, name);
    r->json = xstrndup(tab != NULL ? tab + 1 : "", r->r.n);
    read_json(r);
    r->r.community = r->community;
    r->r.id = r->id;
    r->r.json = r->json;
    TAILQ_INSERT_TAIL(&j->open, r, entry);
    j->n_open++;
    j->live += bytes;
    return r;
}

void journal_forget(struct journal *j, struct record *r)
{
    TAILQ_REMOVE(&j->open, r, entry);
    j->n_open--;
    j->live -= r->bytes;
    free(r->community);
    free(r->id);
    free(r->json);
    free(r);
}

struct record *journal_find(const struct journal *j, int64_t number)
{
    struct record *r;

    TAILQ_FOREACH(r, &j->open, entry)
    if (r->r.number == number)
        return r;
    return NULL;
}

/* ---- reading ---- */

static void struck_out(struct journal *j, int64_t place)
{
    struct record *r;

    TAILQ_FOREACH(r, &j->open, entry)
    if (r->place == place) {
        journal_forget(j, r);
        return;
    }
}

/* One line at ${p} (${n} bytes left). Its length, or 0 when it is no whole, true record. */
static size_t read_one(struct journal *j, const char *p, size_t n)
{
    const char *end = memchr(p, '\n', n), *blank;
    size_t len = end != NULL ? (size_t)(end - p) : 0;
    int64_t number, body_len;
    char sum[JOURNAL_HASH_HEX + 1];

    if (end == NULL || len < 4)
        return 0;
    if (strncmp(p, "D1 ", 3) == 0) {
        if (num_i64_n(p + 3, len - 3, 1, INT64_MAX, &number) != 0)
            return 0;
        struck_out(j, number);
        return len + 1;
    }
    blank = memchr(p + 3, ' ', len - 3);
    if (strncmp(p, "V1 ", 3) != 0 || blank == NULL ||
        num_i64_n(p + 3, (size_t)(blank - p) - 3, 1, JOURNAL_RECORD_MAX, &body_len) != 0)
        return 0;
    p = blank + 1;
    if ((size_t)(end - p) != JOURNAL_HASH_HEX + 1 + (size_t)body_len)
        return 0;
    journal_sha256_hex(p + JOURNAL_HASH_HEX + 1, (size_t)body_len, sum);
    if (strncmp(p, sum, JOURNAL_HASH_HEX) != 0)
        return 0;
    journal_remember(j, p + JOURNAL_HASH_HEX + 1, (size_t)body_len, len + 1);
    return len + 1;
}

static int read_all(struct journal *j, struct err *e)
{
    struct stat st;
    char *bytes;
    size_t at = 0, used, size;

    if (fstat(j->fd, &st) != 0 || st.st_size > (off_t)(2 * (size_t)JOURNAL_FILE_MAX))
        return err_set(e, "journal", NULL, "%s cannot be read, or is larger than %u MiB", j->path,
                       2 * (JOURNAL_FILE_MAX >> 20));
    size = (size_t)st.st_size;
    bytes = xmalloc(size + 1);
    if (pread(j->fd, bytes, size, 0) != (ssize_t)size) {
        free(bytes);
        return err_set(e, "journal", NULL, "%s cannot be read: %s", j->path, strerror(errno));
    }
    while (at < size && (used = read_one(j, bytes + at, size - at)) != 0)
        at += used;
    free(bytes);
    j->size = at;
    if (at == size)
        return 0;
    log_warn("journal.cut", "bytes=%zu records=%lld", size - at, (long long)j->n_places);
    return ftruncate(j->fd, (off_t)at) == 0
               ? 0
               : err_set(e, "journal", NULL, "%s cannot be cut: %s", j->path, strerror(errno));
}

struct journal *journal_open(const char *state_dir, int slot, struct err *e)
{
    struct journal *j = xcalloc(1, sizeof(*j));

    TAILQ_INIT(&j->open);
    j->path = xasprintf("%s/journal-%d", state_dir, slot);
    j->fd = open(j->path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0640);
    if (j->fd < 0) {
        err_set(e, "journal", "state_dir", "cannot open %s: %s", j->path, strerror(errno));
    } else if (read_all(j, e) == 0) {
        if (journal_sync_name(j) == 0)
            return j;
        err_set(e, "journal", "state_dir", "%s cannot be put on disk: %s", state_dir, strerror(errno));
    }
    journal_close(j);
    return NULL;
}

void journal_close(struct journal *j)
{
    struct record *r;

    if (j == NULL)
        return;
    while ((r = TAILQ_FIRST(&j->open)) != NULL)
        journal_forget(j, r);
    if (j->fd >= 0)
        close(j->fd);
    free(j->path);
    free(j);
}

void journal_confirmed(struct journal *j, int64_t number)
{
    struct record *r = journal_find(j, number);

    if (r != NULL) {
        r->r.confirmed = true;
        r->r.lost = false;
    }
}

void journal_lost(struct journal *j, int64_t number)
{
    struct record *r = journal_find(j, number);

    if (r != NULL) {
        r->r.confirmed = false;
        r->r.lost = true;
    }
}

/* ---- looking ---- */

bool journal_has_other(const struct journal *j, int64_t number, const char *community, const char *id)
{
    const struct record *r;

    TAILQ_FOREACH(r, &j->open, entry)
    if (r->r.number != number && strcmp(r->id, id) == 0 && strcmp(r->community, community) == 0)
        return true;
    return false;
}

size_t journal_n_open(const struct journal *j)
{
    return j->n_open;
}

void journal_each(struct journal *j, void (*each)(void *arg, const struct journal_record *r), void *arg)
{
    struct record *r, *next;

    TAILQ_FOREACH_SAFE(r, &j->open, entry, next)
    each(arg, &r->r);
}
