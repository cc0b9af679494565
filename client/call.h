/* One question to the daemon, and its answer: JSON or a list of objects, one a line.
 *
 * Hides: paths and escaping, the connection, and how refusals become sentences and exit codes. */
#ifndef CLIENT_CALL_H
#define CLIENT_CALL_H

#include <jansson.h>

#include "base/buf.h"
#include "client/cli.h"

/* A path under construction: call_path("/api/v1/notices") + segments + queries. Values are escaped. */
struct call_path {
    struct buf text;
    bool has_query;
};
void call_path_init(struct call_path *p, const char *fixed);
void call_path_segment(struct call_path *p, const char *value);
void call_path_fixed(struct call_path *p, const char *fixed); /* "/recipients" */
/* NULL values are left out. */
void call_path_query(struct call_path *p, const char *name, const char *value);
void call_path_fini(struct call_path *p);

/* All return an exit status; anything but CLI_OK has been told on c->err. --community is added to the path. Paths are taken (freed). */

/* ${body} is taken, NULL = none. *${out} (may be NULL): the answer, caller decrefs; NULL unless CLI_OK. */
int call_json(struct cli *c, const char *method, struct call_path *p, json_t *body, json_t **out);
/* A list: ${each} per object (borrowed). *${n} (may be NULL) = how many. */
int call_list(struct cli *c, struct call_path *p, void (*each)(void *arg, json_t *row), void *arg, size_t *n);
/* Bytes of the answer as they come (exports), to ${out}. */
int call_copy(struct cli *c, struct call_path *p, const char *accept, FILE *out);
/* Send ${n} bytes of ${type}; the answer as in call_json, but also for a refusal when ${refused} is not NULL: then nothing is printed and the object is
 * handed over. */
int call_bytes(struct cli *c, struct call_path *p, const char *type, const char *bytes, size_t n,
               json_t **out, json_t **refused);
/* As call_json, quiet: for doctor and waiting. *${http} = status, 0 = unreachable; words of a failure in ${e}. */
int call_quiet(struct cli *c, const char *method, struct call_path *p, int *http, json_t **out,
               struct err *e);

/* Exit status of a refusal, by HTTP status and error code. */
int call_exit_status(int http, const char *code);

#endif
