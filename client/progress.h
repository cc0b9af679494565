/* Waiting for a notice: a bar with rate and time left on a terminal, plain lines elsewhere.
 *
 * Hides: polling and drawing. */
#ifndef CLIENT_PROGRESS_H
#define CLIENT_PROGRESS_H

#include <jansson.h>

#include "client/cli.h"

/* Wait until notice ${id} is over; print its end. CLI_OK, CLI_PART (some were not sent, or it ended early), CLI_NOTHING (nobody was meant), or why it could not be followed. With
 * --json the last thing printed is the notice. */
int progress_wait(struct cli *c, const char *id);
/* One line for the notice as it stands: "[#####.....] 1200/3000  40 %  310/s  about 6 s left". ${width}: columns of the terminal; ${bar} draws one. ${out} of >= 256 bytes. */
const char *progress_line(const json_t *notice, bool bar, size_t width, char *out, size_t n);
/* What the ending means: CLI_OK, CLI_PART, CLI_NOTHING, CLI_REFUSED. */
int progress_status(const json_t *notice);
bool progress_is_over(const json_t *notice);

#endif
