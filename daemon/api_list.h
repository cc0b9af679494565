/* A list as an answer: one JSON object {"items":[...]} of at most `limit` (default 100, at most 1,000), or a stream of one object a line without limit
 * (Accept: application/x-ndjson, or ?stream=1) with back pressure: memory stays bounded however long the list is.
 *
 * A failure in the middle of a stream is told as a last line {"error":{...}}. */
#ifndef DAEMON_API_LIST_H
#define DAEMON_API_LIST_H

#include "daemon/api_call.h"

struct api_list;
/* NULL after answering 400. A text list (CSV) has ${type} and no objects: use api_list_bytes. */
struct api_list *api_list_new(struct api_call *c);
struct api_list *api_list_new_text(struct api_call *c, const char *type, const char *file_name);
/* ${item} is taken. false: enough (the limit is reached, or the client has gone): stop walking and end the list. */
bool api_list_add(struct api_list *l, json_t *item);
bool api_list_bytes(struct api_list *l, const void *p, size_t n);
bool api_list_full(const struct api_list *l);
/* Go on with ${next} when what was added has been taken by the client; or end the list when it has gone. Never calls inside. */
void api_list_more(struct api_list *l, loop_fn next, void *arg);
/* End: with the refusal when ${r} is not NULL and not OK. Ends the call. */
void api_list_end(struct api_list *l, const struct queue_result *r);
/* A queue_done_fn with the list as argument. */
void api_list_on_done(void *list, const struct queue_result *r);
struct api_call *api_list_call(struct api_list *l);
/* The most items that will be taken; SIZE_MAX for a stream without limit. */
size_t api_list_limit(const struct api_list *l);

#endif
