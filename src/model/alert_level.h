/* How grave an official warning is, and what it is about, from its own words.
 *
 * Three scales are in use side by side and are never mixed: an observatory's colour signals (台风黄色预警信号), a province's graded warnings (台风三级预警) and graded
 * emergency responses (防汛防风Ⅳ级应急响应). Hides: the words. Pure. */
#ifndef MODEL_ALERT_LEVEL_H
#define MODEL_ALERT_LEVEL_H

#include "model/cap.h"
#include "model/notice.h"

enum alert_scale { ALERT_SCALE_NONE = 0, ALERT_SCALE_SIGNAL, ALERT_SCALE_PROVINCIAL, ALERT_SCALE_RESPONSE };
struct alert_level {
    enum alert_scale scale;
    int grade; /* 1 = gravest (red, Ⅰ) to 4 (blue, Ⅳ); 0 = not known */
};

/* "signal", "provincial", "response", "". */
const char *alert_scale_name(enum alert_scale s);
/* -1 for a word that is none. */
int alert_scale_parse(const char *s);
/* "red", "orange", "yellow", "blue"; "" for 0. */
const char *alert_colour_name(int grade);
/* 0 for a word that is none. */
int alert_colour_parse(const char *s);

/* Length of the first clause of an official text: what it announces, before the colon that the weather follows. */
size_t alert_title_len(const char *text);
/* The level that a title announces: of two the one it changes to ("变更橙色为红色"). */
struct alert_level alert_level_of_title(const char *title, size_t n);
/* Of a block: headline, event, description, parameters, and, where all of these name none, its severity as a colour. */
struct alert_level alert_level_of(const struct cap_info *i);
/* What it is about: "typhoon", "rainstorm", ... (static), or NULL when no word is known. */
const char *alert_event_of_text(const char *text, size_t n);
/* The same of a block; its own word (borrowed) when no word is known, "" when it has none. */
const char *alert_event_of(const struct cap_info *i);
/* An earthquake's early warning: seconds count, and no text message arrives within seconds. */
bool alert_is_early_warning(const struct cap_info *i);
/* Grades 1 and 2 overtake everything. */
enum lane alert_level_lane(struct alert_level l);

#endif
