#include "daemon/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* One record:  V1 <length of body> <sha256 of body, hex> <body> LF      body = community TAB json
 * One mark:    D1 <number> LF                                            the record with that number (counted from 1 in this file) is done */
#define RECORD_MAX (70u << 10)
#define FILE_MAX   (64u << 20)
#define HASH_HEX   64

struct record {
    int64_t number;
    char *community, *json;
    size_t json_len;
    TAILQ_ENTRY(record) entry;
};

struct journal {
    int fd;
    char *path;
    int64_t n_numbers; /* records in the file */
    size_t n_open;
    TAILQ_HEAD(, record) open;
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

static void remember(struct journal *j, const char *body, size_t n)
{
    const char *tab = memchr(body, '\t', n);
    struct record *r = xcalloc(1, sizeof(*r));
    size_t name = tab != NULL ? (size_t)(tab - body) : 0;

    r->number = ++j->n_numbers;
    r->community = xstrndup(body, name);
    r->json = tab != NULL ? xmemdup(tab + 1, n - name - 1) : NULL;
    r->json_len = tab != NULL ? n - name - 1 : 0;
    TAILQ_INSERT_TAIL(&j->open, r, entry);
    j->n_open++;
}

static bool forget(struct journal *j, int64_t number)
{
    struct record *r;

    TAILQ_FOREACH(r, &j->open, entry)
    if (r->number == number) {
        TAILQ_REMOVE(&j->open, r, entry);
        j->n_open--;
        free(r->community);
        free(r->json);
        free(r);
        return true;
    }
    return false;
}

/* ---- reading ---- */

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
        forget(j, number);
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
    remember(j, p + HASH_HEX + 1, (size_t)body_len);
    return len + 1;
}

static int read_all(struct journal *j, struct err *e)
{
    struct stat st;
    char *bytes;
    size_t at = 0, used, size;

    if (fstat(j->fd, &st) != 0 || st.st_size > (off_t)FILE_MAX)
        return err_set(e, "journal", NULL, "%s cannot be read, or is larger than %u MiB", j->path,
                       FILE_MAX >> 20);
    size = (size_t)st.st_size;
    bytes = xmalloc(size + 1);
    if (pread(j->fd, bytes, size, 0) != (ssize_t)size) {
        free(bytes);
        return err_set(e, "journal", NULL, "%s cannot be read: %s", j->path, strerror(errno));
    }
    while (at < size && (used = read_one(j, bytes + at, size - at)) != 0)
        at += used;
    free(bytes);
    if (at == size)
        return 0;
    log_warn("journal.cut", "bytes=%zu records=%lld", size - at, (long long)j->n_numbers);
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
        forget(j, r->number);
    if (j->fd >= 0)
        close(j->fd);
    free(j->path);
    free(j);
}

/* ---- writing ---- */

static int append(struct journal *j, const struct buf *line)
{
    off_t end = lseek(j->fd, 0, SEEK_END);

    if (write(j->fd, line->data, line->len) == (ssize_t)line->len)
        return 0;
    if (end >= 0 && ftruncate(j->fd, end) != 0)
        log_error("journal.torn", "why=\"%s\"", strerror(errno));
    return -1;
}

int64_t journal_add(struct journal *j, const char *community, const char *json, size_t n, struct err *e)
{
    struct buf body = BUF_INIT(RECORD_MAX), line = BUF_INIT(RECORD_MAX + 256);
    char sum[HASH_HEX + 1];
    int64_t number = -1;

    if (memchr(json, '\n', n) != NULL || buf_str(&body, community) != 0 || buf_chr(&body, '\t') != 0 ||
        buf_add(&body, json, n) != 0) {
        err_set(e, "journal", NULL, "a record holds a line feed or is too long");
        goto out;
    }
    sha256_hex(body.data, body.len, sum);
    if (buf_fmt(&line, "V1 %zu %s ", body.len, sum) != 0 || buf_add(&line, body.data, body.len) != 0 ||
        buf_chr(&line, '\n') != 0)
        panic("a journal record does not fit");
    if (append(j, &line) != 0 || fsync(j->fd) != 0) {
        err_set(e, "journal", NULL, "cannot write %s: %s", j->path, strerror(errno));
        goto out;
    }
    remember(j, body.data, body.len);
    number = j->n_numbers;
out:
    buf_fini(&body);
    buf_fini(&line);
    return number;
}

/* No fsync: a mark that is lost costs one more harmless submission. */
void journal_done(struct journal *j, int64_t number)
{
    struct buf line = BUF_INIT(64);

    if (!forget(j, number))
        return; /* said twice; its number may belong to a later record by now */
    if (j->n_open == 0 && ftruncate(j->fd, 0) == 0) {
        j->n_numbers = 0;
        return;
    }
    if (buf_fmt(&line, "D1 %lld\n", (long long)number) != 0 || append(j, &line) != 0)
        log_warn("journal.unmarked", "why=\"%s\"", strerror(errno));
    buf_fini(&line);
}

size_t journal_n_open(const struct journal *j)
{
    return j->n_open;
}

void journal_each(struct journal *j,
                  void (*each)(void *arg, int64_t number, const char *community, const char *json, size_t n),
                  void *arg)
{
    struct record *r, *next;

    TAILQ_FOREACH_SAFE(r, &j->open, entry, next)
    each(arg, r->number, r->community, r->json, r->json_len);
}
