#include "daemon/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

#define RANDOM_BYTES 8
#define NAME_LEN     (2 * RANDOM_BYTES)

/* mkdir -p; what exists already is fine. */
static int make_dirs(const char *path, struct err *e)
{
    char part[512];
    size_t n = strlen(path);

    if (n == 0 || n >= sizeof(part))
        return err_set(e, "state-dir", "state_dir", "the path is empty or longer than %zu bytes",
                       sizeof(part) - 1);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0750) != 0 && errno != EEXIST)
            return err_set(e, "state-dir", "state_dir", "cannot make %s: %s", part, strerror(errno));
    }
    return 0;
}

int slot_check(const char *state_dir, bool *rights, struct err *e)
{
    char part[512];
    struct stat st;
    size_t n = strlen(state_dir);

    *rights = false;
    if (n == 0 || n >= sizeof(part))
        return err_set(e, "state-dir", "state_dir", "the path of state_dir is empty or longer than %zu bytes",
                       sizeof(part) - 1);
    memcpy(part, state_dir, n + 1);
    while (stat(part, &st) != 0) { /* up to what is there */
        char *slash = strrchr(part, '/');

        if (errno != ENOENT || slash == NULL)
            break;
        slash[slash == part ? 1 : 0] = '\0';
    }
    if (stat(part, &st) == 0 && !S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    else if (access(part, W_OK | X_OK) == 0)
        return 0;
    *rights = errno == EACCES;
    return err_set(e, "state-dir", "state_dir", "state_dir %s cannot be made or written: %s: %s", state_dir,
                   part, strerror(errno));
}

/* What the file keeps, or new randomness for a file that keeps nothing sensible. */
static int read_or_make(struct slot *s, char name[NAME_LEN + 1])
{
    ssize_t n = pread(s->fd, name, NAME_LEN, 0);

    name[NAME_LEN] = '\0';
    s->reused = n == NAME_LEN && strspn(name, "0123456789abcdef") == NAME_LEN;
    if (s->reused)
        return 0;
    secret_random_hex(name, RANDOM_BYTES);
    if (ftruncate(s->fd, 0) != 0 || pwrite(s->fd, name, NAME_LEN, 0) != NAME_LEN || fsync(s->fd) != 0)
        return -1;
    return 0;
}

/* 1 = taken, 0 = somebody else has it, -1 = error. */
static int try_one(struct slot *s, const char *state_dir, int number, struct err *e)
{
    char path[600], name[NAME_LEN + 1];
    int n = snprintf(path, sizeof(path), "%s/slot-%d.lock", state_dir, number);

    if (n < 0 || (size_t)n >= sizeof(path))
        return err_set(e, "state-dir", "state_dir", "the path is too long");
    s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (s->fd < 0)
        return err_set(e, "state-dir", "state_dir", "cannot open %s: %s", path, strerror(errno));
    if (flock(s->fd, LOCK_EX | LOCK_NB) != 0) {
        close(s->fd);
        return 0;
    }
    if (read_or_make(s, name) != 0) {
        close(s->fd);
        return err_set(e, "state-dir", "state_dir", "cannot write %s: %s", path, strerror(errno));
    }
    s->number = number;
    n = snprintf(s->id, sizeof(s->id), "%d-%s", number, name);
    if (n < 0 || (size_t)n >= sizeof(s->id))
        panic("a slot's name does not fit");
    return 1;
}

int slot_take(struct slot *s, const char *state_dir, struct err *e)
{
    *s = (struct slot){.fd = -1, .number = -1, .id = "", .reused = false};
    if (make_dirs(state_dir, e) != 0)
        return -1;
    for (int i = 0; i < SLOT_MAX; i++) {
        int r = try_one(s, state_dir, i, e);

        if (r != 0)
            return r < 0 ? -1 : 0;
    }
    return err_set(e, "state-dir", "state_dir", "all %d slots in %s are taken by other daemons", SLOT_MAX,
                   state_dir);
}

void slot_give(struct slot *s)
{
    if (s->fd >= 0)
        close(s->fd); /* the lock goes with it; the file stays: it is this slot's name */
    s->fd = -1;
}
