/* Residents in Redis: import, look-up, walk, opt-out, erasure; against a real redis-server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/people.h"
#include "queue/roster.h"
#include "tests/support/queue_bed.h"

static struct queue_bed *bed;
static struct people_import counts;
static struct resident seen[4000];
static size_t n_seen;
static uint64_t cursor, number;
static bool flag;

static struct resident person(const char *name, const char *phone, const char *building)
{
    struct resident r = {.id = 0, .n_phones = 1};

    assert_true(strlen(name) < sizeof(r.name) && strlen(building) < sizeof(r.building));
    memcpy(r.name, name, strlen(name) + 1);
    memcpy(r.phones[0], phone, strlen(phone) + 1);
    memcpy(r.building, building, strlen(building) + 1);
    return r;
}

static void on_import(void *arg, const struct queue_result *r, const struct people_import *c)
{
    (void)arg;
    counts = *c;
    queue_bed_note(bed, r);
}

static void put(const struct resident *list, size_t n, bool dry)
{
    people_put(bed->q[0], list, n, dry, on_import, NULL);
    queue_bed_wait(bed, 1);
    if (bed->last.status != QUEUE_OK)
        fail_msg("%s: %s", bed->e.code, bed->e.msg);
}

static void on_each(void *arg, const struct resident *r)
{
    (void)arg;
    assert_true(n_seen < ARRAY_LEN(seen));
    seen[n_seen++] = *r;
}

static void look_up(const char *phone)
{
    n_seen = 0;
    people_by_phones(bed->q[0], &phone, 1, on_each, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
}

static void on_walk(void *arg, const struct queue_result *r, uint64_t next)
{
    (void)arg;
    cursor = next;
    queue_bed_note(bed, r);
}

static size_t walk_all(void)
{
    size_t n_calls = 0;

    n_seen = 0;
    cursor = 0;
    do {
        people_walk(bed->q[0], cursor, on_each, on_walk, NULL);
        queue_bed_wait(bed, 1);
        n_calls++;
    } while (cursor);
    return n_calls;
}

static void on_number(void *arg, const struct queue_result *r, uint64_t n)
{
    (void)arg;
    number = n;
    queue_bed_note(bed, r);
}

static uint64_t count(void)
{
    people_count(bed->q[0], on_number, NULL);
    queue_bed_wait(bed, 1);
    return number;
}

static void on_flag(void *arg, const struct queue_result *r, bool changed)
{
    (void)arg;
    flag = changed;
    queue_bed_note(bed, r);
}

static bool opt(const char *phone, bool out)
{
    people_opt(bed->q[0], phone, out, "退订", "", on_flag, NULL);
    queue_bed_wait(bed, 1);
    return flag;
}

static void on_opted(void *arg, const struct queue_result *r, const bool *out, size_t n)
{
    bool *copy = arg;

    memcpy(copy, out, n * sizeof(*out));
    queue_bed_note(bed, r);
}

static int setup(void **state)
{
    bed = *state;
    queue_bed_clear(bed);
    return 0;
}

static void same_person_is_updated_and_empty_cells_keep_what_is_stored(void **state)
{
    (void)state;
    struct resident a = person("王伟", "+8613800000001", "3栋");
    struct resident b = person("李娜", "+8613800000001", "3栋");

    put((struct resident[]){a, b}, 2, false);
    assert_int_equal(counts.added, 2);
    put(&a, 1, false);
    assert_int_equal(counts.kept, 1);
    a.building[0] = '\0';
    memcpy(a.tags[0], "老人", sizeof("老人"));
    a.n_tags = 1;
    put(&a, 1, false);
    assert_int_equal(counts.changed, 1);
    look_up("+8613800000001");
    assert_int_equal(n_seen, 2);
    assert_string_equal(seen[0].name, "王伟");
    assert_string_equal(seen[0].building, "3栋");
    assert_true(resident_has_tag(&seen[0], "老人"));
    assert_int_equal(count(), 2);
}

static void twice_in_one_call_is_a_duplicate_and_dry_stores_nothing(void **state)
{
    (void)state;
    struct resident a = person("王伟", "+8613800000001", "3栋");

    put((struct resident[]){a, a}, 2, true);
    assert_int_equal(counts.added, 1);
    assert_int_equal(counts.duplicate, 1);
    assert_int_equal(count(), 0);
    look_up("+8613800000001");
    assert_int_equal(n_seen, 0);
}

static void second_phones_are_found_and_forgotten_when_replaced(void **state)
{
    (void)state;
    struct resident a = person("王伟", "+8613800000001", "3栋");

    memcpy(a.phones[1], "+8613800000002", sizeof("+8613800000002"));
    a.n_phones = 2;
    put(&a, 1, false);
    look_up("+8613800000002");
    assert_int_equal(n_seen, 1);
    memcpy(a.phones[1], "+8613800000003", sizeof("+8613800000003"));
    put(&a, 1, false);
    look_up("+8613800000002");
    assert_int_equal(n_seen, 0);
    look_up("+8613800000003");
    assert_int_equal(n_seen, 1);
}

static void a_walk_meets_everybody_once_in_id_order(void **state)
{
    (void)state;
    enum { N = 1000 };
    struct resident *list = xcalloc(N, sizeof(*list));

    for (int i = 0; i < N; i++) {
        char phone[PHONE_MAX];
        assert_true(snprintf(phone, sizeof(phone), "+86138000%05d", i) < (int)sizeof(phone));
        list[i] = person("某人", phone, "");
    }
    put(list, N, false);
    free(list);
    assert_int_equal(counts.added, N);
    assert_int_equal(walk_all(), N / PEOPLE_BLOCK + 1);
    assert_int_equal(n_seen, N);
    for (size_t i = 0; i < n_seen; i++)
        assert_int_equal(seen[i].id, i + 1);
    n_seen = 0;
    people_walk(bed->q[0], 150, on_each, on_walk, NULL);
    queue_bed_wait(bed, 1);
    assert_int_equal(seen[0].id, 151);
    assert_int_equal(n_seen, 49);
    assert_int_equal(cursor, 199);
}

static void nobody_is_a_walk_of_one_step(void **state)
{
    (void)state;
    assert_int_equal(walk_all(), 1);
    assert_int_equal(n_seen, 0);
}

static void an_opt_out_holds_for_all_who_share_the_number_and_outlives_an_import(void **state)
{
    (void)state;
    struct resident list[] = {person("王伟", "+8613800000001", ""), person("李娜", "+8613800000001", "")};
    struct resident later = person("新来", "+8613800000009", "");
    bool out[3] = {false, false, false};

    put(list, 2, false);
    assert_true(opt("+8613800000001", true));
    assert_false(opt("+8613800000001", true));
    assert_true(opt("+8613800000009", true)); /* no resident yet */
    put(list, 2, false);
    put(&later, 1, false);
    look_up("+8613800000001");
    assert_int_equal(seen[0].flags & RESIDENT_OPTED_OUT, RESIDENT_OPTED_OUT);
    assert_int_equal(seen[1].flags & RESIDENT_OPTED_OUT, RESIDENT_OPTED_OUT);
    look_up("+8613800000009");
    assert_int_equal(seen[0].flags & RESIDENT_OPTED_OUT, RESIDENT_OPTED_OUT);
    people_opted_out(bed->q[0], (const char *const[]){"+8613800000001", "+8613800000002", "+8613800000009"},
                     3, on_opted, out);
    queue_bed_wait(bed, 1);
    assert_true(out[0] && !out[1] && out[2]);
    people_opt(bed->q[0], "+8613800000001", false, "恢复", "1-0", on_flag, NULL); /* settled long ago */
    queue_bed_wait(bed, 1);
    assert_string_equal(bed->e.code, "decided");
    assert_true(opt("+8613800000001", false));
    look_up("+8613800000001");
    assert_int_equal(seen[1].flags, 0);
    char *proof = redis_server_ask(bed->server, "XLEN", "crier:{venus}:consent", NULL);
    assert_int_equal(proof[0], '3');
    free(proof);
}

static void an_erased_person_is_gone_and_a_repeat_says_so(void **state)
{
    (void)state;
    struct resident list[] = {person("王伟", "+8613800000001", ""), person("李娜", "+8613800000001", "")};

    put(list, 2, false);
    people_erase(bed->q[0], 1, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_int_equal(bed->last.status, QUEUE_OK);
    look_up("+8613800000001");
    assert_int_equal(n_seen, 1);
    assert_string_equal(seen[0].name, "李娜");
    assert_int_equal(count(), 1);
    people_erase(bed->q[0], 1, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    assert_string_equal(bed->e.code, "no-such-resident");
}

static void an_index_entry_without_a_person_is_used_again(void **state)
{
    (void)state;
    struct resident a = person("王伟", "+8613800000001", "");

    put(&a, 1, false);
    free(redis_server_ask(bed->server, "HDEL", "crier:{venus}:res:0", "1", NULL));
    put(&a, 1, false);
    look_up("+8613800000001");
    assert_int_equal(n_seen, 1);
    assert_int_equal(seen[0].id, 1);
}

static void blocks_and_index_stay_compact(void **state)
{
    (void)state;
    struct resident a = person("王伟", "+8613800000001", "3栋2单元");

    put(&a, 1, false);
    char *enc = redis_server_ask(bed->server, "OBJECT", "ENCODING", "crier:{venus}:res:0", NULL);
    assert_non_null(strstr(enc, "listpack"));
    free(enc);
}

static struct resident *only(const char *address)
{
    look_up(address);
    assert_int_equal(n_seen, 1);
    return &seen[0];
}

static void reach(const char *address, bool can)
{
    people_reach(bed->q[0], address, can, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
}

/* One person, whatever they write by. */
static void ids_of_other_channels_find_their_people(void **state)
{
    struct resident r = person("王伟", "+8613800000001", "");

    (void)state;
    memcpy(r.wechat, "oABC", 5);
    memcpy(r.wecom, "WangWei", 8);
    put(&r, 1, false);
    assert_string_equal(only("wechat:oABC")->name, "王伟");
    assert_string_equal(only("wecom:WangWei")->phones[0], "+8613800000001");
    look_up("wecom:oABC");
    assert_int_equal(n_seen, 0);
    assert_true(opt("wechat:oABC", true));
    assert_int_equal(only("+8613800000001")->flags, RESIDENT_OPTED_OUT);
    assert_false(opt("wechat:oABC", true));
    memcpy(r.wechat, "oNEW", 5);
    put(&r, 1, false);
    assert_int_equal(only("wechat:oNEW")->flags, RESIDENT_OPTED_OUT);
    look_up("wechat:oABC");
    assert_int_equal(n_seen, 0);
    people_erase(bed->q[0], only("wechat:oNEW")->id, queue_bed_done, bed);
    queue_bed_wait(bed, 1);
    look_up("wechat:oNEW");
    assert_int_equal(n_seen, 0);
    look_up("wecom:WangWei");
    assert_int_equal(n_seen, 0);
}

static void who_follows_no_more_is_known_until_they_come_back_or_have_another_id(void **state)
{
    struct resident r = person("王伟", "+8613800000001", "");

    (void)state;
    memcpy(r.wechat, "oABC", 5);
    put(&r, 1, false);
    reach("wechat:oABC", false);
    reach("wechat:oABC", false);
    assert_int_equal(only("wechat:oABC")->flags, RESIDENT_NO_WECHAT);
    put(&r, 1, false); /* the import says nothing new */
    assert_int_equal(only("wechat:oABC")->flags, RESIDENT_NO_WECHAT);
    assert_true(opt("+8613800000001", true));
    assert_int_equal(only("wechat:oABC")->flags, RESIDENT_NO_WECHAT | RESIDENT_OPTED_OUT);
    reach("wechat:oABC", true);
    assert_int_equal(only("wechat:oABC")->flags, RESIDENT_OPTED_OUT);
    reach("wechat:oABC", false);
    memcpy(r.wechat, "oNEW", 5);
    put(&r, 1, false);
    assert_int_equal(only("wechat:oNEW")->flags, RESIDENT_OPTED_OUT);
    reach("wechat:oNOBODY", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(same_person_is_updated_and_empty_cells_keep_what_is_stored, setup),
        cmocka_unit_test_setup(twice_in_one_call_is_a_duplicate_and_dry_stores_nothing, setup),
        cmocka_unit_test_setup(second_phones_are_found_and_forgotten_when_replaced, setup),
        cmocka_unit_test_setup(a_walk_meets_everybody_once_in_id_order, setup),
        cmocka_unit_test_setup(nobody_is_a_walk_of_one_step, setup),
        cmocka_unit_test_setup(an_opt_out_holds_for_all_who_share_the_number_and_outlives_an_import, setup),
        cmocka_unit_test_setup(an_erased_person_is_gone_and_a_repeat_says_so, setup),
        cmocka_unit_test_setup(an_index_entry_without_a_person_is_used_again, setup),
        cmocka_unit_test_setup(ids_of_other_channels_find_their_people, setup),
        cmocka_unit_test_setup(who_follows_no_more_is_known_until_they_come_back_or_have_another_id, setup),
        cmocka_unit_test_setup(blocks_and_index_stay_compact, setup),
    };

    return cmocka_run_group_tests(tests, queue_bed_begin, queue_bed_end);
}
