/* The Lua scripts: text and SHA-1 by name.
 *
 * Hides: where the texts come from (queue/lua, listed in queue/scripts.def) and how they are put together: the first line of a script
 * `#!lua flags=...` stays first, then comes lua/prelude.lua (now(), P, refuse()...), then the script.
 *
 * What every script keeps to:
 *  - KEYS[1] is the community's clock; queue_op_script passes it. The prelude makes P (the key prefix) and now() from it.
 *  - it answers {'ok', ...} or, to refuse, {'err', code, sentence[, field]}. Nothing a person wrote goes into a Lua error.
 *  - keys are declared, except where the script itself finds out which notice it is about (SCHEMA.md names these).
 *  - validate first, then write; every prefix of the writes is safe (a torn AOF may keep only the first ones). */
#ifndef QUEUE_SCRIPTS_H
#define QUEUE_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>

enum script {
#define SCRIPT(upper, lower) SCRIPT_##upper,
#include "queue/scripts.def"
#undef SCRIPT
    SCRIPT_N
};

/* All are valid for the life of the process. ${legacy}: for Redis 6.2, which does not know the first line: it becomes a comment. */
const char *script_name(enum script s);
const char *script_text(enum script s, bool legacy, size_t *n);
const char *script_sha(enum script s, bool legacy); /* 40 hex digits */

#endif
