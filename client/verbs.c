#include "client/verbs.h"

#include <string.h>

#include "base/mem.h"
#include "client/cmd.h"

/* clang-format off */
#define END {NULL, NULL, NULL, false}
#define DRY_RUN {"dry-run", NULL, "tell what would be sent, to how many; send nothing", false}
#define DRY_CHANGE {"dry-run", NULL, "tell what would change and who would be told; do nothing", false}
#define WAIT {"wait", NULL, "follow it until it is done, with rate and time left", false}
#define FULL {"full", NULL, "complete phone numbers also over --url (role admin, written to the audit)", false}
#define LIMIT {"limit", "N", "at most N", false}
#define TO {"to", "WHO", "everyone, tag:T, area:CODE, building:B, activity:CODE[:status], resident:ID, +86...; same kinds OR, different kinds AND", true}
#define NOT_TO {"not-to", "WHO", "taken away from --to; same forms", true}
#define ID {"id", "ID", "its id: the same id with the same content is accepted once", false}
#define AT {"at", "TIME", "when, ISO 8601 with offset; without it at once", false}
#define NOT_AFTER {"not-after", "TIME", "never send later than this", false}
#define LANE {"lane", "LANE", "emergency, urgent, normal or bulk", false}
#define CHANNEL {"channel", "CHANNEL", "sms, wechat, ... in order of preference", true}
#define ON_UNKNOWN {"on-unknown", "park|resend", "what to do when a provider's answer is lost", false}
#define VAR {"var", "NAME=VALUE", "value of {{NAME}} in the text", true}
#define TEXT {"text", "TEXT", "the text; {{name}} and other variables are filled in per person", false}
#define TEXT_FILE {"text-file", "FILE", "the text from a file, - for stdin", false}

static const struct args_option none[] = {END};
static const struct args_option o_limit[] = {LIMIT, END};
static const struct args_option o_limit_full[] = {LIMIT, FULL, END};
static const struct args_option o_full[] = {FULL, END};
static const struct args_option o_dry[] = {DRY_RUN, END};

#define TEMPLATE {"template", "NAME", "a configured template instead of a text", false}
#define KIND {"kind", "notice|promotion", "promotion: goes only to those who want it", false}
#define REPEAT \
    {"repeat", "RULE", "comes again: lunar:8/15, festival:NAME, term:qingming, rrule:FREQ=WEEKLY;BYDAY=SA", false}, \
    {"time", "HH:MM", "with --repeat: the time of the day (default that of --at, or 09:00)", false}, \
    {"last-time", "HH:MM", "with --repeat: not sent later on that day (default twelve hours later)", false}, \
    {"days-before", "N", "with --repeat: so many days before the date", false}, \
    {"until", "DATE", "with --repeat: the last date that counts", false}, \
    {"except", "DATE", "with --repeat: not for this date", true}

static const struct args_option o_send[] = {
    TO, NOT_TO, TEXT, TEXT_FILE, TEMPLATE, VAR, AT, NOT_AFTER, LANE, CHANNEL, KIND, ID, ON_UNKNOWN, WAIT, DRY_RUN, REPEAT, END};
static const struct args_option o_schedule[] = {
    TO, NOT_TO, TEXT, TEXT_FILE, TEMPLATE, VAR, AT, NOT_AFTER, LANE, CHANNEL, KIND, ID, ON_UNKNOWN, DRY_RUN, REPEAT, LIMIT, END};
static const struct args_option o_alert[] = {
    TO, NOT_TO,
    {"issuer", "NAME", "who issued the warning", false},
    {"issued", "TIME", "when it was issued, ISO 8601 with offset", false},
    {"event", "EVENT", "typhoon, rainstorm, ...", false},
    {"level", "LEVEL", "blue, yellow, orange or red", false},
    {"official-id", "ID", "the warning's own number", false},
    {"official-text", "TEXT", "the official words, unchanged", false},
    {"official-text-file", "FILE", "the official words from a file, - for stdin", false},
    {"advice", "TEXT", "the community's own advice, sent as a separate sentence", false},
    {"expires", "TIME", "when the warning ends; also --not-after unless given", false},
    {"supersedes", "ID", "alert that stops at once because of this one", true},
    {"exercise", NULL, "an exercise: the text says so", false},
    TEXT, TEXT_FILE, VAR, AT, NOT_AFTER, LANE, CHANNEL, ID, ON_UNKNOWN, WAIT, DRY_RUN, END};
static const struct args_option o_clear[] = {TEXT, TEXT_FILE, TO, NOT_TO, NOT_AFTER, LANE, CHANNEL, ID, VAR, AT, ON_UNKNOWN, WAIT, DRY_RUN, END};
static const struct args_option o_inspect[] = {
    {"areas", "CODE,...", "the place codes that are ours; without them nothing would be sent", false},
    {"sender", "SENDER", "take warnings of this sender only", true},
    {"now", "TIME", "as if it were then, ISO 8601 with offset", false}, END};
static const struct args_option o_notices[] = {{"state", "STATE", "only those in this state", false}, LIMIT, END};
static const struct args_option o_redrive[] = {
    {"failed", NULL, "those that failed for good", false},
    {"exhausted", NULL, "those whose attempts are used up", false},
    {"unknown", NULL, "those whose provider never answered: a second copy is possible", false}, DRY_RUN, END};
static const struct args_option o_answers[] = {{"who", NULL, "each person instead of how many", false}, LIMIT, FULL, END};
static const struct args_option o_recipients[] = {{"state", "STATE", "only those in this state", false}, LIMIT, FULL, END};
static const struct args_option o_activity[] = {
    {"title", "TEXT", "its name", false},
    {"alias", "WORD", "another name that people text", true},
    {"seats", "N", "how many can take part", false},
    {"opens", "TIME", "when registration opens; without it at once", false},
    {"closes", "TIME", "when it ends; without it at the start", false},
    {"starts", "TIME", "when it begins, ISO 8601 with offset", false},
    {"max-party", "N", "most people in one registration", false},
    {"place", "TEXT", "where", false},
    {"map", "URL", "a link to the place on a map, https://...", false},
    {"price", "TEXT", "what it costs, in words", false},
    {"sign-in", "DIGITS|none", "4 to 8 digits told at the place: who holds a seat signs in with 签到 and these", false},
    {"for-tag", "T", "only for residents with this tag", true},
    {"for-area", "CODE", "only for residents of this area", true},
    {"confirm-within", "SPAN|none", "who moves up from the waiting list must confirm within this time, as 2h; none: the seat is theirs at once", false},
    {"remind", "SPAN|none", "remind those who hold a seat so long before the start, as 24h; without it as the community does", true}, END};
static const struct args_option o_change[] = {
    {"title", "TEXT", "its name", false},
    {"alias", "WORD", "another name that people text; replaces all it had", true},
    {"seats", "N", "how many can take part: never fewer than are taken", false},
    {"opens", "TIME|none", "when registration opens", false},
    {"closes", "TIME|none", "when it ends; none: at the start", false},
    {"starts", "TIME", "when it begins, ISO 8601 with offset", false},
    {"max-party", "N", "most people in one registration", false},
    {"place", "TEXT", "where", false},
    {"map", "URL", "a link to the place on a map, https://...", false},
    {"price", "TEXT", "what it costs, in words", false},
    {"sign-in", "DIGITS|none", "4 to 8 digits told at the place: who holds a seat signs in with 签到 and these", false},
    {"for-tag", "T|none", "only for residents with this tag", true},
    {"for-area", "CODE|none", "only for residents of this area", true},
    {"confirm-within", "SPAN|none", "who moves up from the waiting list must confirm within this time", false},
    {"remind", "SPAN|none", "remind those who hold a seat so long before the start; replaces all there were", true},
    {"quiet", NULL, "tell nobody of another time or place", false}, DRY_CHANGE, END};
static const struct args_option o_cancel[] = {
    {"because", "TEXT", "why, as those who registered are told", false},
    {"quiet", NULL, "tell nobody", false}, DRY_CHANGE, END};
static const struct args_option o_activity_export[] = {
    {"format", "csv|text|sheet|ics", "a table for spreadsheets, numbered lines to paste into a chat, a page to print (A4, large), a calendar file", false},
    {"output", "FILE", "into a file", false}, FULL, END};
static const struct args_option o_import[] = {
    {"partial", NULL, "import the good rows although there are bad ones", false},
    {"errors", "FILE", "write every bad row with column and reason into a CSV file", false},
    {"dry-run", NULL, "check, and tell what would change", false}, END};
static const struct args_option o_residents[] = {
    {"tag", "T", "only with this tag", false}, {"area", "CODE", "only in this area", false},
    {"building", "B", "only in this building", false}, {"dead", NULL, "only who has a dead number: whom to phone", false},
    {"duplicates", NULL, "who may be there twice: same number, or same name in the same building", false}, LIMIT, FULL, END};
static const struct args_option o_export[] = {
    {"tag", "T", "only with this tag", false}, {"area", "CODE", "only in this area", false},
    {"building", "B", "only in this building", false}, {"output", "FILE", "into a file", false}, FULL, END};
static const struct args_option o_erase[] = {{"yes", NULL, "do not ask; without a terminal it must be given", false}, END};
static const struct args_option o_merge[] = {
    {"one-seat", NULL, "where both are registered, keep one registration and give the other up", false},
    {"dry-run", NULL, "tell what would become of both; do nothing", false}, END};
static const struct args_option o_explain[] = {{"from", "PHONE", "as if this number had sent it", false}, END};
static const struct args_option o_calendar[] = {
    {"from", "YEAR", "the first Gregorian year; must be given", false}, {"to", "YEAR", "the last one; must be given", false}, END};
static const struct args_option o_lint[] = {
    {"class", "notice|promotion|alert", "what it is sent as (default notice)", false},
    {"sign", "SIGN", "the signature, counted with its brackets", false}, END};
static const struct args_option o_measure[] = {
    {"sign", "SIGN", "the signature, counted with its brackets", false},
    {"market", "cn|intl", "whose counting (default cn)", false},
    {"recipients", "N", "how many get it", false},
    {"price", "PRICE", "price of one part", false}, END};
static const struct args_option o_test[] = {
    {"to", "PHONE", "the number that gets the message", false}, {"text", "TEXT", "its text", false}, DRY_RUN, END};
static const struct args_option o_status[] = {{"watch", NULL, "again every second", false}, END};
static const struct args_option o_doctor[] = {
    {"acknowledge", NULL, "what Redis lost has been seen to: end the alarm", false}, END};
static const struct args_option o_key[] = {
    {"role", "ROLE", "viewer, sender, alerter or admin", false},
    {"only", "COMMUNITY", "valid for this community only", false}, END};

static const struct verbs_row rows[] = {
    {NULL, "send", "", 0, 0, "send a notice", o_send,
     "  crier send --to everyone --text '今晚七点停水两小时'\n"
     "  crier send --to tag:老人 --to building:3栋 --text-file notice.txt --at 2026-09-25T09:00:00+08:00\n"
     "  crier send --to +8613800138000 --text '{{name}}, 您的快递到了' --var name=王阿姨 --wait\n",
     cmd_send_run},
    {"alert", "relay", "", 0, 0, "pass on an official warning", o_alert,
     "  crier alert relay --to everyone --id typhoon-0906 --issuer 海口市气象台 --issued 2025-09-23T09:06:00+08:00 \\\n"
     "      --event typhoon --level yellow --official-text-file warning.txt --expires 2025-09-24T09:06:00+08:00 --wait\n"
     "  crier alert relay --to area:460106 --exercise --dry-run ...\n",
     cmd_send_alert},
    {"alert", "clear", "ID", 1, 1, "tell everyone who got alert ID that it is over", o_clear,
     "  crier alert clear typhoon-0906 --text '海口市气象台已解除台风黄色预警'\n", cmd_send_clear},
    {"alert", "inspect", "FILE", 1, 1, "what would become of official warnings (CAP) in a file (needs no daemon)", o_inspect,
     "  crier alert inspect typhoon.xml --areas 460106\n  crier alert inspect feed.xml --areas 460105,460106 --now 2026-09-25T09:00:00+08:00\n",
     cmd_alert_inspect},
    {"alert", "intake", "FILE", 1, 1, "take the official warnings (CAP) in a file: tell residents of what concerns them", o_dry,
     "  crier alert intake typhoon.xml\n  crier alert intake typhoon.xml --dry-run\n", cmd_alert_intake},
    {"alert", "list", "", 0, 0, "official warnings that came, newest first, and what became of them", o_limit, "  crier alert list --limit 20\n", cmd_alert_list},
    {"alert", "show", "IDENTIFIER", 1, 1, "all that is known of one of them", none, "  crier alert show 46010041600000_20250923090600\n", cmd_alert_show},
    {NULL, "schedule", "", 0, 0, "what is going to be sent later; with --to and a text: send a notice later, or again and again", o_schedule,
     "  crier schedule\n  crier schedule --to everyone --template mid-autumn --repeat festival:mid-autumn --days-before 1 --time 19:00 --dry-run\n"
     "  crier schedule --to tag:长者 --text '今天下午三点健康讲座' --repeat 'rrule:FREQ=MONTHLY;BYDAY=1SA' --until 2027-12-31 --id health-talk\n", cmd_schedule_run},
    {"plan", "list", "", 0, 0, "notices that come again, newest first", o_limit, "  crier plan list\n", cmd_plan_list},
    {"plan", "show", "ID", 1, 1, "one of them: its next dates, and what became of earlier ones", none, "  crier plan show health-talk\n", cmd_plan_show},
    {"plan", "cancel", "ID", 1, 1, "send no more of it: neither what is scheduled nor what would be", none, "  crier plan cancel health-talk\n", cmd_plan_cancel},
    {"notice", "list", "", 0, 0, "notices, newest first", o_notices,
     "  crier notice list\n  crier --json notice list --state running\n", cmd_notice_list},
    {"notice", "show", "ID", 1, 1, "what one notice says, to whom; state, counts, times, rate", o_full, "  crier notice show typhoon-0906\n", cmd_notice_show},
    {"notice", "recipients", "ID", 1, 1, "what became of each recipient", o_recipients,
     "  crier notice recipients typhoon-0906 --state failed\n", cmd_notice_recipients},
    {"notice", "answers", "ID", 1, 1, "what people chose of its choices", o_answers,
     "  crier notice answers training-day\n  crier notice answers training-day --who\n", cmd_notice_answers},
    {"notice", "pause", "ID", 1, 1, "send no more of it for now", none, "  crier notice pause moon-festival\n", cmd_notice_pause},
    {"notice", "resume", "ID", 1, 1, "go on with it", o_dry, "  crier notice resume moon-festival\n", cmd_notice_resume},
    {"notice", "cancel", "ID", 1, 1, "send no more of it, ever", none, "  crier notice cancel moon-festival\n", cmd_notice_cancel},
    {"notice", "approve", "ID", 1, 1, "let a notice go that awaits approval", none, "  crier notice approve moon-festival\n", cmd_notice_approve},
    {"notice", "redrive", "ID", 1, 1, "try again those that failed and those used up, or exactly whom you name", o_redrive,
     "  crier notice redrive moon-festival\n  crier notice redrive moon-festival --unknown\n", cmd_notice_redrive},
    {"activity", "add", "CODE", 1, 1, "something residents can register for by text", o_activity,
     "  crier activity add 篮球 --title 周六篮球赛 --alias 篮球赛 --seats 20 --starts 2026-09-26T08:00:00+08:00\n", cmd_activity_add},
    {"activity", "list", "", 0, 0, "all activities", o_limit, "  crier activity list\n", cmd_activity_list},
    {"activity", "show", "CODE", 1, 1, "one activity", none, "  crier activity show 篮球\n", cmd_activity_show},
    {"activity", "open", "CODE", 1, 1, "let registration follow its window", none, "  crier activity open 篮球\n", cmd_activity_open},
    {"activity", "close", "CODE", 1, 1, "end registration", none, "  crier activity close 篮球\n", cmd_activity_close},
    {"activity", "change", "CODE", 1, 1, "another time, place, number of seats, name; who is concerned is told", o_change,
     "  crier activity change 篮球 --starts 2026-09-27T08:00:00+08:00 --place 体育馆 --dry-run\n"
     "  crier activity change 篮球 --seats 30\n", cmd_activity_change},
    {"activity", "cancel", "CODE", 1, 1, "it does not take place; who registered or waits is told", o_cancel,
     "  crier activity cancel 篮球 --because 台风\n", cmd_activity_cancel},
    {"activity", "roster", "CODE", 1, 1, "who takes part, who waits", o_limit_full, "  crier activity roster 篮球\n", cmd_activity_roster},
    {"activity", "checkin", "CODE PHONE", 2, 2, "sign someone in at the desk", none,
     "  crier activity checkin 篮球 +8613800138000\n", cmd_activity_checkin},
    {"activity", "export", "CODE", 1, 1, "the roster as CSV, as lines to paste, as a sheet to print; or the activity for calendars", o_activity_export,
     "  crier activity export 篮球 --output roster.csv\n  crier activity export 篮球 --format text\n  crier activity export 篮球 --format sheet --full --output sheet.html\n", cmd_activity_export},
    {"resident", "import", "FILE", 1, 1, "residents from a CSV file (- for stdin); all or nothing", o_import,
     "  crier resident import people.csv\n  crier resident import --partial people.csv\n"
     "  The header names the columns, in any order: name,phone,area,building,tags or 姓名,手机,区划,楼栋,标签.\n",
     cmd_resident_import},
    {"resident", "export", "", 0, 0, "residents as CSV", o_export, "  crier resident export --output people.csv\n", cmd_resident_export},
    {"resident", "list", "", 0, 0, "residents", o_residents, "  crier resident list --tag 老人 --building 3栋\n", cmd_resident_list},
    {"resident", "show", "ID|PHONE", 1, 1, "one person, or all with this number", o_full,
     "  crier resident show 17\n  crier resident show +8613800138000\n", cmd_resident_show},
    {"resident", "erase", "ID", 1, 1, "forget a person everywhere, and prove it", o_erase, "  crier resident erase 17\n  crier --json resident erase 17 --yes\n", cmd_resident_erase},
    {"resident", "merge", "ID OTHER", 2, 2, "two records of one person become one: the first id stays, the other leads to it", o_merge,
     "  crier resident merge 17 23 --dry-run\n  crier resident merge 17 23\n", cmd_resident_merge},
    {"inbox", "list", "", 0, 0, "texts that no rule understood", o_limit_full, "  crier inbox list\n", cmd_inbox_list},
    {"inbox", "show", "KEY", 1, 1, "one of them", o_full, "  crier inbox show 1790000000000-0\n", cmd_inbox_show},
    {"inbox", "answer", "KEY TEXT", 2, 2, "answer one of them", o_dry, "  crier inbox answer 1790000000000-0 '明天下午三点'\n", cmd_inbox_answer},
    {"rejected", "list", "", 0, 0, "what the queue refused, and why", o_limit_full, "  crier rejected list\n", cmd_rejected_list},
    {"rejected", "retry", "KEY", 1, 1, "put one back into the inbox", o_dry, "  crier rejected retry 1790000000000-0\n", cmd_rejected_retry},
    {"rejected", "dismiss", "KEY", 1, 1, "delete one for good", none, "  crier rejected dismiss 1790000000000-0\n", cmd_rejected_dismiss},
    {"reply", "explain", "TEXT", 1, 1, "what a reply would mean, step by step", o_explain,
     "  crier reply explain '报名篮球赛 3人'\n  crier reply explain 取消 --from +8613800138000\n", cmd_reply_explain},
    {"text", "measure", "TEXT", 1, 1, "characters and parts of a text (needs no daemon)", o_measure,
     "  crier text measure '明早八点篮球赛' --sign 金星社区 --recipients 2310 --price 0.045\n", cmd_text_measure},
    {"text", "lint", "TEXT", 1, 1, "what carriers refuse in a text, and what to change (needs no daemon)", o_lint,
     "  crier text lint '中秋节快乐！加微信群领红包' --class notice\n  crier text lint '周六市集开张，拒收请回复R' --class promotion\n", cmd_text_lint},
    {"calendar", "resolve", "RULE", 1, 1, "the days of a lunar date, festival, solar term or RRULE (needs no daemon)", o_calendar,
     "  crier calendar resolve festival:mid-autumn --from 2026 --to 2030\n  crier calendar resolve lunar:8/15 --from 2026 --to 2026\n"
     "  crier calendar resolve 'rrule:FREQ=WEEKLY;BYDAY=SA' --from 2027 --to 2027\n", cmd_calendar_resolve},
    {"provider", "list", "", 0, 0, "provider accounts and how they are", o_limit, "  crier provider list\n", cmd_provider_list},
    {"provider", "test", "NAME", 1, 1, "send one real message through it", o_test, "  crier provider test p1 --to +8613800138000\n", cmd_provider_test},
    {"provider", "pause", "NAME", 1, 1, "send nothing through it for now", none, "  crier provider pause p1\n", cmd_provider_pause},
    {"provider", "resume", "NAME", 1, 1, "use it again", none, "  crier provider resume p1\n", cmd_provider_resume},
    {NULL, "status", "", 0, 0, "is it ready, what is under way (exit 0 only when ready)", o_status,
     "  crier status\n  crier status --watch\n", cmd_status_run},
    {NULL, "doctor", "", 0, 0, "what should be mended", o_doctor, "  crier doctor\n  crier doctor --acknowledge\n", cmd_doctor_run},
    {"key", "add", "NAME", 1, 1, "a token for HTTP", o_key, "  crier key add console --role sender > token\n", cmd_key_add},
    {"key", "revoke", "ID", 1, 1, "make a token worthless", none, "  crier key revoke k1f2e3d4\n", cmd_key_revoke},
    {"key", "list", "", 0, 0, "tokens, without their secrets", o_limit, "  crier key list\n", cmd_key_list},
    {NULL, "audit", "", 0, 0, "who did what", o_limit, "  crier audit --limit 50\n", cmd_audit_list},
};
/* clang-format on */

const struct verbs_row *verbs_at(size_t i)
{
    return i < ARRAY_LEN(rows) ? &rows[i] : NULL;
}

const struct verbs_row *verbs_find(int argc, char *const *argv, int *used)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct verbs_row *v = &rows[i];
        int words = v->group != NULL ? 2 : 1;
        if (argc < words || strcmp(argv[words - 1], v->name) != 0)
            continue;
        if (v->group != NULL && strcmp(argv[0], v->group) != 0)
            continue;
        *used = words;
        return v;
    }
    return NULL;
}

bool verbs_is_group(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].group != NULL && strcmp(rows[i].group, word) == 0)
            return true;
    return false;
}
