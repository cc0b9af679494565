/* Approved wordings: which template says a text, and with which values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "provider/vendor.h"

static char *const water_limits[] = {(char[]){"name 6"}, NULL};
static const struct {
    const char *title, *id, *text;
    char *const *limits;
    bool approved, promotion;
} wordings[] = {
    {"water", "SMS_1", "{{name}}您好，{{time}}停水，请提前储水。", water_limits, true,  false},
    {"fixed", "SMS_2", "台风已过，警报解除。",                       NULL,         true,  false},
    {"twice", "SMS_3", "{{who}}，{{who}}，{{what}}！",                      NULL,         true,  false},
    {"sale",  "SMS_4", "市集今天开张：{{what}}，拒收请回复R",     NULL,         true,  true },
    {"new",   "SMS_5", "活动改期到{{day}}。",                            NULL,         false, false},
};
static struct vendor_template list[ARRAY_LEN(wordings)];
static struct provider_conf conf = {.name = "ali", .templates = list, .n_templates = ARRAY_LEN(list)};

static int set_up(void **state)
{
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wordings); i++) {
        if (vendor_template_init(&list[i], wordings[i].title, wordings[i].id, wordings[i].text,
                                 wordings[i].limits, &e) != 0)
            return -1;
        list[i].approved = wordings[i].approved;
        list[i].promotion = wordings[i].promotion;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(list); i++)
        vendor_template_fini(&list[i]);
    return 0;
}

/* What is found: an id and the values, or words that the reason holds. */
static const struct {
    const char *name, *text;
    enum provider_purpose purpose;
    const char *id, *values[2], *why;
} rows[] = {
    {"values are cut out",
     "王伟您好，今晚八点停水，请提前储水。",                       PURPOSE_NOTICE,
     "SMS_1",                                                                                                    {"王伟", "今晚八点"},
     NULL                                                                                                                                             },
    {"a fixed text has none",                     "台风已过，警报解除。",  PURPOSE_ALERT,     "SMS_2", {NULL, NULL},               NULL     },
    {"a variable that stands twice is one value",
     "注意，注意，快走！",                                                  PURPOSE_NOTICE,
     "SMS_3",                                                                                                    {"注意", "快走"},
     NULL                                                                                                                                             },
    {"... and must be the same twice",
     "注意，请看，快走！",                                                  PURPOSE_NOTICE,
     NULL,                                                                                                       {NULL, NULL},
     "none of the 5 templates"                                                                                                                        },
    {"an answer is a notice",                     "台风已过，警报解除。",  PURPOSE_ANSWER,    "SMS_2", {NULL, NULL},               NULL     },
    {"a promotion has its own",
     "市集今天开张：西瓜，拒收请回复R",                               PURPOSE_PROMOTION,
     "SMS_4",                                                                                                    {"西瓜", NULL},
     NULL                                                                                                                                             },
    {"which no notice may use",
     "市集今天开张：西瓜，拒收请回复R",                               PURPOSE_NOTICE,
     NULL,                                                                                                       {NULL, NULL},
     "approved for promotions only"                                                                                                                   },
    {"nor a promotion a notice's",
     "台风已过，警报解除。",                                               PURPOSE_PROMOTION,
     NULL,                                                                                                       {NULL, NULL},
     "approved for notices only"                                                                                                                      },
    {"values have limits in characters",
     "阿卜杜热西提江您好，今晚停水，请提前储水。",              PURPOSE_NOTICE,
     NULL,                                                                                                       {NULL, NULL},
     "template water fits, but {{name}} has 7 characters of at most 6"                                                                                },
    {"what is not approved yet is not used",
     "活动改期到周六。",                                                     PURPOSE_NOTICE,
     NULL,                                                                                                       {NULL, NULL},
     "is not approved"                                                                                                                                },
    {"a value is never empty",
     "您好，今晚八点停水，请提前储水。",                             PURPOSE_NOTICE,
     NULL,                                                                                                       {NULL, NULL},
     "none of"                                                                                                                                        },
    {"nothing may come after",                    "台风已过，警报解除。!", PURPOSE_NOTICE,    NULL,    {NULL, NULL},               "none of"},
    {"or before",                                 "!台风已过，警报解除。", PURPOSE_NOTICE,    NULL,    {NULL, NULL},               "none of"},
    {"an empty text fits nothing",                "",                                PURPOSE_NOTICE,    NULL,    {NULL, NULL},               "none of"},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct vendor_match m;
        struct err e = {{0}, {0}, {0}};
        int rc = vendor_find(&conf, rows[i].text, strlen(rows[i].text), rows[i].purpose, &m, &e);

        if ((rc == 0) != (rows[i].id != NULL) || (rc != 0 && strstr(e.msg, rows[i].why) == NULL))
            fail_msg("%s: %d %s", rows[i].name, rc, e.msg);
        if (rc != 0)
            continue;
        assert_string_equal(m.t->id, rows[i].id);
        for (size_t k = 0; k < 2 && rows[i].values[k] != NULL; k++) {
            assert_int_equal(m.values[k].n, strlen(rows[i].values[k]));
            assert_memory_equal(m.values[k].s, rows[i].values[k], m.values[k].n);
        }
    }
}

static void test_wordings_that_nobody_could_use_are_refused(void **state)
{
    static char name[] = "name", place[] = "place 5";
    static char *const no_number[] = {name, NULL}, *const no_such[] = {place, NULL};
    static const struct {
        const char *text;
        char *const *limits;
        const char *field;
    } bad[] = {
        {"{{a}}{{b}}",     NULL,      "text"  },
        {"{{a",            NULL,      "text"  },
        {"{{}}您好",     NULL,      "text"  },
        {"{{name}}您好", no_number, "limits"},
        {"{{name}}您好", no_such,   "limits"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct vendor_template t;
        struct err e = {{0}, {0}, {0}};

        assert_int_equal(vendor_template_init(&t, "t", "1", bad[i].text, bad[i].limits, &e), -1);
        assert_string_equal(e.code, "bad-template");
        assert_string_equal(e.field, bad[i].field);
        vendor_template_fini(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_wordings_that_nobody_could_use_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
