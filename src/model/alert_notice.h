/* The notice that an official warning becomes: contract 3, kind alert or allclear.
 *
 * The official words go out as they are, with who issued them and when. Its id follows from the message alone: the same message never becomes two notices. Pure. */
#ifndef MODEL_ALERT_NOTICE_H
#define MODEL_ALERT_NOTICE_H

#include <jansson.h>

#include "model/alert_decide.h"

/* For a verdict send or end; ${b} before the message is added to it. ${watched}: all our codes. New reference. */
json_t *alert_notice(const struct alert_book *b, const struct warning *w, const struct alert_verdict *v,
                     const struct area_set *watched);

#endif
