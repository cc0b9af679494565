#include "daemon/journal.h"

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
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* One record:  V1 <length of body> <sha256 of body, hex> <body> LF      body = community TAB json
 * One mark:    D1 <place> LF                                             the record in that place (counted from 1 in this file) is struck out */
#define RECORD_MAX  (70u << 10)
#define FILE_MAX    (64u << 20)
#define RESERVE     (2 * RECORD_MAX)
#define COMPACT_MIN (256u << 10) /* struck out bytes that are worth a new file */
#define HASH_HEX    64

struct record {
    struct journal_record r; /* its strings belong to this */
    char *community, *id, *json;
    int64_t place; /* in the file */
    size_t bytes;
    TAILQ_ENTRY(record) entry;
};

struct journal {
    int fd;
    char *path;
    int64_t n_places; /* records in the file */
    int64_t last_number;
    size_t n_open, size, live; /* bytes in the file, and those of records that are not struck out */
    bool failing;              /* the last write did not succeed */
    TAILQ_HEAD(records, record) open;
};

static void sha256_hex(const char *p, size_t n, char out[HASH_HEX + 1])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_Digest(p, n, sum, &len, EVP_sha256(), NULL) != 1 || len != HASH_HEX / 2)
        panic("SHA-256 failed");
    for (unsigned i = 0; i < len; i++) {
        out[2 * i] = "0123456789abcdef"[sum[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[sum[i] & 15];
    }
    out[HASH_HEX] = '\0';
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

static struct record *remember(struct journal *j, const char *body, size_t n, size_t bytes)
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

static void forget(struct journal *j, struct record *r)
{
    TAILQ_REMOVE(&j->open, r, entry);
    j->n_open--;
    j->live -= r->bytes;
    free(r->community);
    free(r->id);
    free(r->json);
    free(r);
}

static struct record *find(const struct journal *j, int64_t number)
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
        forget(j, r);
        return;
    }
}

/* One line at ${p} (${n} bytes left). Its length, or 0 when it is no whole, true record. */
static size_t read_one(struct journal *j, const char *p, size_t n)
{
    const char *end = memchr(p, '\n', n), *blank;
    size_t len = end != NULL ? (size_t)(end - p) : 0;
    int64_t number, body_len;
    char sum[HASH_HEX + 1];

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
        num_i64_n(p + 3, (size_t)(blank - p) - 3, 1, RECORD_MAX, &body_len) != 0)
        return 0;
    p = blank + 1;
    if ((size_t)(end - p) != HASH_HEX + 1 + (size_t)body_len)
        return 0;
    sha256_hex(p + HASH_HEX + 1, (size_t)body_len, sum);
    if (strncmp(p, sum, HASH_HEX) != 0)
        return 0;
    remember(j, p + HASH_HEX + 1, (size_t)body_len, len + 1);
    return len + 1;
}

static int read_all(struct journal *j, struct err *e)
{
    struct stat st;
    char *bytes;
    size_t at = 0, used, size;

    if (fstat(j->fd, &st) != 0 || st.st_size > (off_t)(2 * (size_t)FILE_MAX))
        return err_set(e, "journal", NULL, "%s cannot be read, or is larger than %u MiB", j->path,
                       2 * (FILE_MAX >> 20));
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
    if (j->fd < 0)
        err_set(e, "journal", "state_dir", "cannot open %s: %s", j->path, strerror(errno));
    else if (read_all(j, e) == 0)
        return j;
    journal_close(j);
    return NULL;
}

void journal_close(struct journal *j)
{
    struct record *r;

    if (j == NULL)
        return;
    while ((r = TAILQ_FIRST(&j->open)) != NULL)
        forget(j, r);
    if (j->fd >= 0)
        close(j->fd);
    free(j->path);
    free(j);
}

/* ---- writing ---- */

/* All of it, or nothing. ${sync}: on disk, too. */
static int append(struct journal *j, const struct buf *line, bool sync)
{
    errno = 0;
    if (write(j->fd, line->data, line->len) == (ssize_t)line->len && (!sync || fsync(j->fd) == 0)) {
        j->size += line->len;
        j->failing = false;
        return 0;
    }
    int why = errno != 0 ? errno : ENOSPC;
    if (ftruncate(j->fd, (off_t)j->size) != 0)
        log_error("journal.torn", "why=\"%s\"", strerror(errno));
    j->failing = true;
    errno = why;
    return -1;
}

static int record_line(struct buf *line, const char *community, const char *json, size_t n)
{
    struct buf body = BUF_INIT(RECORD_MAX);
    char sum[HASH_HEX + 1];
    int rc = -1;

    if (buf_str(&body, community) == 0 && buf_chr(&body, '\t') == 0 && buf_add(&body, json, n) == 0) {
        sha256_hex(body.data, body.len, sum);
        if (buf_fmt(line, "V1 %zu %s ", body.len, sum) != 0 || buf_add(line, body.data, body.len) != 0 ||
            buf_chr(line, '\n') != 0)
            panic("a journal record does not fit");
        rc = 0;
    }
    buf_fini(&body);
    return rc;
}

/* Records that are not struck out, into ${path}. Descriptor, or -1. */
static int write_live(const struct journal *j, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0640);
    bool good = fd >= 0;
    const struct record *r;

    TAILQ_FOREACH(r, &j->open, entry)
    {
        struct buf line = BUF_INIT(RECORD_MAX + 256);
        good = good && record_line(&line, r->community, r->json, r->r.n) == 0 &&
               write(fd, line.data, line.len) == (ssize_t)line.len;
        buf_fini(&line);
    }
    if (good && fsync(fd) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Another file without what is struck out takes the place of this one; when that fails this one goes on. */
static void compact(struct journal *j)
{
    char *part = xasprintf("%s.part", j->path);
    int fd = write_live(j, part);
    struct record *r;

    if (fd >= 0 && rename(part, j->path) == 0) {
        close(j->fd);
        j->fd = fd;
        j->size = j->live;
        j->n_places = 0;
        TAILQ_FOREACH(r, &j->open, entry)
        r->place = ++j->n_places;
    } else {
        log_warn("journal.not-compacted", "why=\"%s\"", strerror(errno));
        if (fd >= 0)
            close(fd);
        unlink(part);
    }
    free(part);
}

int64_t journal_add(struct journal *j, const char *community, const char *json, size_t n, struct err *e)
{
    struct buf line = BUF_INIT(RECORD_MAX + 256);
    int64_t number = -1;

    if (memchr(json, '\n', n) != NULL || record_line(&line, community, json, n) != 0) {
        err_set(e, "journal", NULL, "a record holds a line feed or is too long");
    } else if (j->size + line.len > FILE_MAX) {
        err_set(e, "journal", NULL, "%s is full: %zu alerts in it are not over", j->path, j->n_open);
    } else if (append(j, &line, true) != 0) {
        err_set(e, "journal", NULL, "cannot write %s: %s", j->path, strerror(errno));
    } else {
        const char *body = (const char *)memchr(line.data + 3, ' ', line.len - 3) + HASH_HEX + 2;
        number = remember(j, body, (size_t)(line.data + line.len - 1 - body), line.len)->r.number;
    }
    buf_fini(&line);
    return number;
}

static void strike(struct journal *j, struct record *r, bool sync)
{
    struct buf line = BUF_INIT(64);
    int64_t place = r->place;

    forget(j, r);
    if (j->n_open == 0 && ftruncate(j->fd, 0) == 0 && (!sync || fsync(j->fd) == 0)) {
        j->n_places = 0;
        j->size = 0;
    } else if (buf_fmt(&line, "D1 %lld\n", (long long)place) != 0 || append(j, &line, sync) != 0) {
        log_warn("journal.unmarked", "why=\"%s\"", strerror(errno));
    } else if (j->size - j->live > COMPACT_MIN && j->size > 2 * j->live) {
        compact(j);
    }
    buf_fini(&line);
}

/* No fsync: a mark that is lost costs one more harmless submission. */
void journal_done(struct journal *j, int64_t number)
{
    struct record *r = find(j, number);

    if (r != NULL)
        strike(j, r, false);
}

void journal_cancelled(struct journal *j, const char *community, const char *id)
{
    struct record *r, *next;

    TAILQ_FOREACH_SAFE(r, &j->open, entry, next)
    if (strcmp(r->id, id) == 0 && strcmp(r->community, community) == 0)
        strike(j, r, true);
}

void journal_confirmed(struct journal *j, int64_t number)
{
    struct record *r = find(j, number);

    if (r != NULL) {
        r->r.confirmed = true;
        r->r.lost = false;
    }
}

void journal_lost(struct journal *j, int64_t number)
{
    struct record *r = find(j, number);

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

/* After a failure only a write that succeeds proves anything; before one, space that is ours already. */
static int try_writing(struct journal *j)
{
    char bytes[256];

    memset(bytes, '-', sizeof(bytes));
    if (j->failing) {
        bool good = write(j->fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes);
        int why = errno;

        if (ftruncate(j->fd, (off_t)j->size) != 0 || !good) {
            errno = why;
            return -1;
        }
        j->failing = false;
    }
    if (fallocate(j->fd, FALLOC_FL_KEEP_SIZE, (off_t)j->size, RESERVE) == 0 || errno == EOPNOTSUPP ||
        errno == ENOSYS)
        return 0;
    return -1;
}

int journal_probe(struct journal *j, struct err *e)
{
    if (try_writing(j) == 0)
        return 0;
    return err_set(e, "journal", "state_dir", "the journal %s cannot be written: %s", j->path,
                   strerror(errno));
}
