/* The journal's writing side: all of a record or nothing of it, and on disk before anybody is told. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/journal_int.h"

#define RESERVE     (2 * JOURNAL_RECORD_MAX)
#define COMPACT_MIN (256u << 10) /* struck out bytes that are worth a new file */

/* A file is found again after power loss when its directory is on disk, too. */
int journal_sync_name(struct journal *j)
{
    char *dir = xstrndup(j->path, (size_t)(strrchr(j->path, '/') - j->path));
    int fd = open(dir[0] != '\0' ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd), why = errno;

    if (fd >= 0)
        close(fd);
    free(dir);
    errno = why;
    if (rc != 0 && why != EINVAL) /* a file system that has no such thing */
        return -1;
    j->unnamed = false;
    return 0;
}

/* Cut off what a write that failed has left. */
static int cut_rest(struct journal *j)
{
    j->torn = ftruncate(j->fd, (off_t)j->size) != 0;
    return j->torn ? -1 : 0;
}

/* All of it, or nothing. ${sync}: on disk, too. */
static int append(struct journal *j, const struct buf *line, bool sync)
{
    if ((j->torn && cut_rest(j) != 0) || (sync && j->unnamed && journal_sync_name(j) != 0)) {
        j->failing = true;
        return -1;
    }
    errno = 0;
    if (write(j->fd, line->data, line->len) == (ssize_t)line->len && (!sync || fsync(j->fd) == 0)) {
        j->size += line->len;
        j->failing = false;
        return 0;
    }
    int why = errno != 0 ? errno : ENOSPC;
    if (cut_rest(j) != 0)
        log_error("journal.torn", "why=\"%s\"", strerror(errno));
    j->failing = true;
    errno = why;
    return -1;
}

static int record_line(struct buf *line, const char *community, const char *json, size_t n)
{
    struct buf body = BUF_INIT(JOURNAL_RECORD_MAX);
    char sum[JOURNAL_HASH_HEX + 1];
    int rc = -1;

    if (buf_str(&body, community) == 0 && buf_chr(&body, '\t') == 0 && buf_add(&body, json, n) == 0) {
        journal_sha256_hex(body.data, body.len, sum);
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
        struct buf line = BUF_INIT(JOURNAL_RECORD_MAX + 256);
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
        j->torn = false;
        j->unnamed = true; /* until then the old file may come back, without what is added from now on */
        if (journal_sync_name(j) != 0)
            log_warn("journal.not-compacted", "why=\"%s\"", strerror(errno));
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
    struct buf line = BUF_INIT(JOURNAL_RECORD_MAX + 256);
    int64_t number = -1;

    if (memchr(json, '\n', n) != NULL || record_line(&line, community, json, n) != 0) {
        err_set(e, "journal", NULL, "a record holds a line feed or is too long");
    } else if (j->size + line.len > JOURNAL_FILE_MAX) {
        err_set(e, "journal", NULL, "%s is full: %zu alerts in it are not over", j->path, j->n_open);
    } else if (append(j, &line, true) != 0) {
        err_set(e, "journal", NULL, "cannot write %s: %s", j->path, strerror(errno));
    } else {
        const char *body = (const char *)memchr(line.data + 3, ' ', line.len - 3) + JOURNAL_HASH_HEX + 2;
        number = journal_remember(j, body, (size_t)(line.data + line.len - 1 - body), line.len)->r.number;
    }
    buf_fini(&line);
    return number;
}

static void strike(struct journal *j, struct record *r, bool sync)
{
    struct buf line = BUF_INIT(64);
    int64_t place = r->place;

    journal_forget(j, r);
    if (j->n_open == 0 && ftruncate(j->fd, 0) == 0) {
        j->n_places = 0;
        j->size = 0;
        j->torn = false;
        if (sync && fsync(j->fd) != 0) {
            j->failing = true;
            log_warn("journal.unmarked", "why=\"%s\"", strerror(errno));
        }
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
    struct record *r = journal_find(j, number);

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

/* After a failure only a write that succeeds proves anything; before one, space that is ours already. */
static int try_writing(struct journal *j)
{
    char bytes[256];

    memset(bytes, '-', sizeof(bytes));
    if (j->failing) {
        bool good = write(j->fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) && fsync(j->fd) == 0;
        int why = errno;

        if (cut_rest(j) != 0 || !good || (j->unnamed && journal_sync_name(j) != 0)) {
            errno = good ? errno : why;
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
