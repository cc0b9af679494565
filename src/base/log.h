/* One event a line on stderr: `level=info event=delivery.settled notice=… verdict=sent ms=412`.
 *
 * Hides: the destination and the escaping. Control characters, bidi controls and invalid UTF-8 in the line are
 * escaped as \xNN, quotes and backslashes in a quoted value as \" and \\, so that no stranger's text can forge a line or a pair. Rule of the house: no phone number, no message text,
 * no key or secret path in a log line (phone_mask() for what must be told). Lines are at most 2 KiB. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_ERROR = 0, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Least important level printed; default LOG_INFO. */
void log_set_level(enum log_level level);
enum log_level log_level(void);
/* Parse "error|warn|info|debug"; -1 when it is none of these. */
int log_level_parse(const char *s);
/* Write to ${fd} instead of stderr. A write that would block drops the line and counts it (log_dropped). */
void log_set_fd(int fd);
unsigned long log_dropped(void);
/* Tests: every line that would be printed is also handed to ${cb} (NULL = off). */
void log_set_tap(void (*cb)(void *arg, const char *line), void *arg);

/* ${event} is `noun.verb-in-past`; ${fmt} gives ` key=value` pairs (without the leading blank). Values that may hold
 * blanks are written as %s inside double quotes by the caller. Conversions: %s %.Ns %.*s, %d %u %x with ll, z or l. */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(event, ...) log_event(LOG_ERROR, event, __VA_ARGS__)
#define log_warn(event, ...)  log_event(LOG_WARN, event, __VA_ARGS__)
#define log_info(event, ...)  log_event(LOG_INFO, event, __VA_ARGS__)
#define log_debug(event, ...)                                                                                \
    do {                                                                                                     \
        if (log_level() >= LOG_DEBUG)                                                                        \
            log_event(LOG_DEBUG, event, __VA_ARGS__);                                                        \
    } while (0)

#endif
