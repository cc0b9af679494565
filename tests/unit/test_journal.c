/* The emergency journal and the lock slots: what a crash leaves behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/journal.h"
#include "daemon/slot.h"

static char dir[] = "/tmp/crier-journal-XXXXXX";
static struct err e;

/* A disk that fails: fsync of this program, of files and of directories. */
static struct {
    bool file_fails, dir_fails;
    int n_dirs;
} disk;

int fsync(int fd)
{
    struct stat st;
    bool is_dir = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);

    disk.n_dirs += is_dir ? 1 : 0;
    if (is_dir ? !disk.dir_fails : !disk.file_fails)
        return 0;
    errno = EIO;
    return -1;
}

static char *path_of(const char *name)
{
    return xasprintf("%s/%s", dir, name);
}

static void remove_file(const char *name)
{
    char *p = path_of(name);

    unlink(p);
    free(p);
}

static struct journal *open_it(void)
{
    struct journal *j = journal_open(dir, 0, &e);

    if (j == NULL)
        fail_msg("%s", e.msg);
    return j;
}

static long size_of_it(void)
{
    char *p = path_of("journal-0");
    struct stat st;
    int rc = stat(p, &st);

    free(p);
    return rc == 0 ? (long)st.st_size : -1;
}

struct seen {
    size_t n;
    char last[200];
    int64_t number;
    struct journal_record record;
};

static void see(void *arg, const struct journal_record *r)
{
    struct seen *s = arg;

    assert_string_equal(r->community, "venus");
    assert_true(r->n < sizeof(s->last));
    memcpy(s->last, r->json, r->n);
    s->last[r->n] = '\0';
    s->number = r->number;
    s->record = *r;
    s->n++;
}

static void what_redis_has_not_confirmed_is_there_after_a_crash(void **state)
{
    struct journal *j = open_it();
    struct seen s = {.n = 0};
    int64_t a, b;

    (void)state;
    a = journal_add(j, "venus", "{\"id\":\"a\"}", 10, &e);
    b = journal_add(j, "venus", "{\"id\":\"b\"}", 10, &e);
    assert_true(a > 0 && b > a);
    journal_done(j, a);
    journal_close(j); /* a crash closes no better */
    j = open_it();
    journal_each(j, see, &s);
    assert_int_equal(s.n, 1);
    assert_string_equal(s.last, "{\"id\":\"b\"}");
    journal_done(j, s.number);
    assert_int_equal(journal_n_open(j), 0);
    assert_int_equal(size_of_it(), 0);
    journal_close(j);
}

static void said_twice_is_done_once(void **state)
{
    struct journal *j = open_it();
    struct seen s = {.n = 0};
    int64_t a = journal_add(j, "venus", "{}", 2, &e);

    (void)state;
    journal_done(j, a);
    assert_true(journal_add(j, "venus", "{\"id\":\"c\"}", 10, &e) >
                a); /* the file began anew, numbers never do */
    journal_done(j, a);
    assert_int_equal(journal_n_open(j), 1);
    journal_close(j);
    j = open_it();
    journal_each(j, see, &s);
    assert_int_equal(s.n, 1);
    journal_done(j, s.number);
    journal_done(j, s.number);
    assert_int_equal(size_of_it(), 0);
    journal_close(j);
}

static const char typhoon[] = "{\"id\":\"typhoon\",\"not_after\":\"2026-11-28T20:00:00+08:00\"}";

static void what_redis_has_is_kept_until_it_is_over(void **state)
{
    struct journal *j = open_it();
    struct seen s = {.n = 0};
    int64_t a = journal_add(j, "venus", typhoon, strlen(typhoon), &e), b;

    (void)state;
    assert_true(a > 0);
    journal_confirmed(j, a);
    journal_each(j, see, &s);
    assert_true(s.record.confirmed && !s.record.lost);
    assert_string_equal(s.record.id, "typhoon");
    assert_int_equal(s.record.not_after, 1795867200000);
    journal_lost(j, a);
    journal_each(j, see, &s);
    assert_true(!s.record.confirmed && s.record.lost);
    journal_confirmed(j, a);
    assert_false(journal_has_other(j, a, "venus", "typhoon"));
    b = journal_add(j, "venus", typhoon, strlen(typhoon), &e);
    assert_true(journal_has_other(j, b, "venus", "typhoon") && !journal_has_other(j, b, "mars", "typhoon"));
    journal_done(j, b);
    journal_close(j);
    j = open_it(); /* after a start Redis is asked again */
    s.n = 0;
    journal_each(j, see, &s);
    assert_int_equal(s.n, 1);
    assert_false(s.record.confirmed);
    journal_cancelled(j, "mars", "typhoon");
    assert_int_equal(journal_n_open(j), 1);
    journal_cancelled(j, "venus", "typhoon");
    assert_int_equal(journal_n_open(j), 0);
    assert_int_equal(size_of_it(), 0);
    journal_close(j);
}

/* One alert lasts a week, a thousand come and go meanwhile. */
static void what_is_struck_out_does_not_stay_in_the_file(void **state)
{
    struct journal *j = open_it();
    struct seen s = {.n = 0};
    char *large = xasprintf("{\"id\":\"x\",\"text\":\"%04000d\"}", 7);

    (void)state;
    assert_true(journal_add(j, "venus", typhoon, strlen(typhoon), &e) > 0);
    for (int i = 0; i < 1000; i++) {
        int64_t a = journal_add(j, "venus", large, strlen(large), &e);

        assert_true(a > 0);
        journal_done(j, a);
    }
    assert_true(size_of_it() < 300000);
    journal_close(j);
    j = open_it();
    journal_each(j, see, &s);
    assert_int_equal(s.n, 1);
    assert_string_equal(s.record.id, "typhoon");
    journal_done(j, s.number);
    journal_close(j);
    free(large);
}

/* The disk is full, seen from this process: a file size limit. */
static void what_cannot_be_written_is_refused_and_leaves_nothing(void **state)
{
    struct journal *j = open_it();
    struct rlimit limit, small;
    int64_t a = journal_add(j, "venus", typhoon, strlen(typhoon), &e);
    long size = size_of_it();

    (void)state;
    assert_true(a > 0);
    assert_int_equal(journal_probe(j, &e), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){.rlim_cur = (rlim_t)size + 10, .rlim_max = limit.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(journal_add(j, "venus", typhoon, strlen(typhoon), &e), -1);
    assert_string_equal(e.code, "journal");
    assert_int_equal(size_of_it(), size);
    assert_int_equal(journal_probe(j, &e), -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(journal_probe(j, &e), 0);
    assert_int_equal(size_of_it(), size);
    assert_int_equal(journal_n_open(j), 1);
    journal_done(j, a);
    journal_close(j);
}

/* One alert stays, so many come and go that the file is made anew; ${n} = how many are added. */
static void add_and_strike(struct journal *j, int n)
{
    char *large = xasprintf("{\"id\":\"x\",\"text\":\"%04000d\"}", 7);

    for (int i = 0; i < n; i++) {
        int64_t a = journal_add(j, "venus", large, strlen(large), &e);

        if (a > 0)
            journal_done(j, a);
    }
    free(large);
}

static void a_new_file_is_on_disk_with_its_name(void **state)
{
    struct journal *j;

    (void)state;
    disk.n_dirs = 0;
    j = open_it();
    assert_int_equal(disk.n_dirs, 1);
    assert_true(journal_add(j, "venus", typhoon, strlen(typhoon), &e) > 0);
    add_and_strike(j, 100);
    assert_true(size_of_it() < 300000); /* it was made anew */
    assert_int_equal(disk.n_dirs, 2);
    journal_close(j);
    remove_file("journal-0");
    disk.dir_fails = true;
    assert_null(journal_open(dir, 0, &e));
    assert_string_equal(e.code, "journal");
    disk.dir_fails = false;
    remove_file("journal-0");
}

/* The new file may be gone after power loss, and what was added to it too. */
static void nothing_is_added_while_the_file_s_name_is_not_on_disk(void **state)
{
    struct journal *j = open_it();
    struct seen s = {.n = 0};

    (void)state;
    assert_true(journal_add(j, "venus", typhoon, strlen(typhoon), &e) > 0);
    disk.dir_fails = true;
    add_and_strike(j, 200);
    assert_int_equal(journal_add(j, "venus", typhoon, strlen(typhoon), &e), -1);
    assert_string_equal(e.code, "journal");
    assert_int_equal(journal_probe(j, &e), -1);
    disk.dir_fails = false;
    assert_int_equal(journal_probe(j, &e), 0);
    assert_true(journal_add(j, "venus", "{\"id\":\"b\"}", 10, &e) > 0);
    journal_close(j);
    j = open_it();
    journal_each(j, see, &s);
    assert_int_equal(s.n, 2);
    assert_string_equal(s.last, "{\"id\":\"b\"}");
    journal_close(j);
    remove_file("journal-0");
}

static void a_failed_sync_of_the_last_one_struck_out_leaves_the_book_right(void **state)
{
    struct journal *j = open_it();
    struct seen s = {.n = 0};

    (void)state;
    assert_true(journal_add(j, "venus", typhoon, strlen(typhoon), &e) > 0);
    disk.file_fails = true;
    journal_cancelled(j, "venus", "typhoon");
    assert_int_equal(size_of_it(), 0);
    assert_int_equal(journal_add(j, "venus", "{\"id\":\"a\"}", 10, &e), -1);
    assert_int_equal(size_of_it(), 0);
    assert_int_equal(journal_probe(j, &e), -1);
    disk.file_fails = false;
    assert_int_equal(journal_probe(j, &e), 0);
    assert_true(journal_add(j, "venus", "{\"id\":\"a\"}", 10, &e) > 0);
    assert_true(journal_add(j, "venus", "{\"id\":\"b\"}", 10, &e) > 0);
    journal_each(j, see, &s);
    journal_done(j, s.number);
    journal_close(j);
    j = open_it();
    s.n = 0;
    journal_each(j, see, &s);
    assert_int_equal(s.n, 1);
    assert_string_equal(s.last, "{\"id\":\"a\"}");
    journal_close(j);
    remove_file("journal-0");
}

/* Power goes while the second record is written, at any byte of it. */
static void a_torn_record_is_cut_and_the_one_before_it_stays(void **state)
{
    struct journal *j = open_it();
    char *p = path_of("journal-0");
    long whole, torn;

    (void)state;
    assert_true(journal_add(j, "venus", "{\"id\":\"a\"}", 10, &e) > 0);
    whole = size_of_it();
    assert_true(journal_add(j, "venus", "{\"id\":\"b\"}", 10, &e) > 0);
    torn = size_of_it();
    journal_close(j);
    for (long at = torn - 1; at >= whole; at--) {
        struct seen s = {.n = 0};

        assert_int_equal(truncate(p, at), 0);
        j = open_it();
        journal_each(j, see, &s);
        assert_int_equal(s.n, 1);
        assert_string_equal(s.last, "{\"id\":\"a\"}");
        assert_int_equal(size_of_it(), whole);
        journal_close(j);
    }
    free(p);
    remove_file("journal-0");
}

static void a_flipped_bit_is_noticed(void **state)
{
    struct journal *j = open_it();
    struct seen s = {.n = 0};
    char *p = path_of("journal-0");
    int fd;

    (void)state;
    assert_true(journal_add(j, "venus", "{\"id\":\"a\"}", 10, &e) > 0);
    journal_close(j);
    fd = open(p, O_WRONLY);
    assert_true(fd >= 0 && pwrite(fd, "X", 1, size_of_it() - 4) == 1);
    close(fd);
    j = open_it();
    journal_each(j, see, &s);
    assert_int_equal(s.n, 0);
    journal_close(j);
    free(p);
    remove_file("journal-0");
}

static void a_slot_keeps_its_name_and_two_daemons_get_two(void **state)
{
    struct slot a, b, again;
    char name[SLOT_ID_MAX];

    (void)state;
    assert_int_equal(slot_take(&a, dir, &e), 0);
    assert_false(a.reused);
    assert_int_equal(slot_take(&b, dir, &e), 0);
    assert_int_equal(a.number, 0);
    assert_int_equal(b.number, 1);
    memcpy(name, a.id, sizeof(name));
    slot_give(&a);
    assert_int_equal(slot_take(&again, dir, &e), 0);
    assert_string_equal(again.id, name);
    assert_true(again.reused);
    slot_give(&again);
    slot_give(&b);
    remove_file("slot-0.lock");
    remove_file("slot-1.lock");
}

/* The lock dies with the process, however it dies. */
static void a_killed_daemon_s_slot_is_free(void **state)
{
    struct slot s;
    int ready[2];
    char byte;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        _exit(slot_take(&s, dir, &e) == 0 && write(ready[1], "x", 1) == 1 ? pause() : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(slot_take(&s, dir, &e), 0);
    assert_int_equal(s.number, 1);
    slot_give(&s);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(slot_take(&s, dir, &e), 0);
    assert_int_equal(s.number, 0);
    slot_give(&s);
    close(ready[0]);
    close(ready[1]);
    remove_file("slot-0.lock");
    remove_file("slot-1.lock");
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    remove_file("journal-0");
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_redis_has_not_confirmed_is_there_after_a_crash),
        cmocka_unit_test(said_twice_is_done_once),
        cmocka_unit_test(what_redis_has_is_kept_until_it_is_over),
        cmocka_unit_test(what_is_struck_out_does_not_stay_in_the_file),
        cmocka_unit_test(what_cannot_be_written_is_refused_and_leaves_nothing),
        cmocka_unit_test(a_new_file_is_on_disk_with_its_name),
        cmocka_unit_test(nothing_is_added_while_the_file_s_name_is_not_on_disk),
        cmocka_unit_test(a_failed_sync_of_the_last_one_struck_out_leaves_the_book_right),
        cmocka_unit_test(a_torn_record_is_cut_and_the_one_before_it_stays),
        cmocka_unit_test(a_flipped_bit_is_noticed),
        cmocka_unit_test(a_slot_keeps_its_name_and_two_daemons_get_two),
        cmocka_unit_test(a_killed_daemon_s_slot_is_free),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
