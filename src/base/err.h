/* Failures, three kinds and no more.
 *
 * Hides: how a failure is worded and where it ends up. Our own bug -> panic(); the environment at start-up -> fatal()
 * (where, what was found, what is allowed); run time -> a value: a function returns -1 (or NULL) and fills a
 * struct err. The same failure is never both logged and returned. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

struct err {
    char code[40];  /* stable, machine readable: "not-after-passed"; the contract's reason codes */
    char field[64]; /* the member or option at fault, "" where there is none */
    char msg[400];  /* one sentence for a person; ends without a full stop */
};

/* Fill ${e} (may be NULL: then nothing happens). ${code} and ${field} are copied; ${field} may be NULL. Returns -1,
 * so that a parser can say `return err_set(...)`. A message that does not fit, and what "%.40s" quotes in it, is cut at a
 * character's border. */
int err_set(struct err *e, const char *code, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Our bug: print where and abort (core dump). */
_Noreturn void panic_at(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
#define panic(...) panic_at(__FILE__, __LINE__, __VA_ARGS__)

/* The environment at start-up: print the message to stderr, exit with ${status} (78 configuration, 69 unavailable,
 * 70 internal, 71 operating system). */
_Noreturn void fatal(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define MUSTCHECK __attribute__((warn_unused_result))

#endif
