/* --dry-run of verbs that send something other than a new notice: what would be sent, to how many; nothing is.
 *
 * Hides: what must be asked for it. All return an exit status: that of a thing that is not there is CLI_NOTHING, of one that would be refused CLI_REFUSED. */
#ifndef CLIENT_DRY_H
#define CLIENT_DRY_H

#include "client/args.h"

int dry_redrive(struct cli *c,
                const struct args *a); /* of the states that are named: --failed, --exhausted, --unknown */
int dry_resume(struct cli *c, const char *id);
int dry_inbox_answer(struct cli *c, const char *key, const char *text);
int dry_rejected_retry(struct cli *c, const char *key);
int dry_provider_test(struct cli *c, const char *name, const char *to, const char *text);

#endif
