/* Residents in Redis. Same conventions as queue.h (which hides the scripts). */
#ifndef QUEUE_PEOPLE_H
#define QUEUE_PEOPLE_H

#include "model/resident.h"
#include "queue/queue.h"

#define PEOPLE_BLOCK 100 /* residents per hash: one walk step */

struct people_import {
    uint64_t added, changed, kept, duplicate;
};
typedef void (*people_import_fn)(void *arg, const struct queue_result *r, const struct people_import *counts);
/* Store up to 1,000 residents (id 0): the same person (same first phone and same name) is updated, otherwise a new id. ${dry}: only count. Borrowed until completion. */
void people_put(struct queue *q, const struct resident *list, size_t n, bool dry, people_import_fn cb,
                void *arg);
typedef void (*people_each_fn)(void *arg, const struct resident *r);
/* Residents with id > ${after}, in id order, at most one block of ids a call; ${next}: cursor for the next call, 0 = that was the end. */
typedef void (*people_walk_fn)(void *arg, const struct queue_result *r, uint64_t next);
void people_walk(struct queue *q, uint64_t after, people_each_fn each, people_walk_fn cb, void *arg);
/* By id or by phone (all who share it). Unknown ones are simply not called for. At most 500 keys a call. */
void people_by_ids(struct queue *q, const uint64_t *ids, size_t n, people_each_fn each, queue_done_fn cb,
                   void *arg);
void people_by_phones(struct queue *q, const char *const *phones, size_t n, people_each_fn each,
                      queue_done_fn cb, void *arg);
void people_count(struct queue *q, void (*cb)(void *arg, const struct queue_result *r, uint64_t n),
                  void *arg);
/* Opt-out / opt-in of everyone with this phone (or other address), with the words, time and number kept as proof in the stream `consent`. ${changed}: was it different before? Numbers of no resident are kept in a set of their own.
 * ${reply}: stream id of the reply that says so, or "": refused as "decided" when that reply is settled already. */
void people_opt(struct queue *q, const char *phone, bool out, const char *words, const char *reply,
                void (*cb)(void *arg, const struct queue_result *r, bool changed), void *arg);
/* What a provider says of a number for the time to come: "out" (opts out, ${why} as the proof), "dead" (nobody is there: kept, shown, and forgotten at the next delivery report),
 * "missed" (not reached this time: the third one, each half a day after the one before, makes it dead), "alive". */
void people_about(struct queue *q, const char *phone, const char *about, const char *why, queue_done_fn cb,
                  void *arg);
/* Everyone with this address ("wechat:OPENID") can be reached by it again, or no more. */
void people_reach(struct queue *q, const char *address, bool can, queue_done_fn cb, void *arg);
/* Is this phone opted out (also strangers')? At most 1,000; answers in order. */
void people_opted_out(struct queue *q, const char *const *phones, size_t n,
                      void (*cb)(void *arg, const struct queue_result *r, const bool *out, size_t n),
                      void *arg);
/* Erase a person: resident, index, registrations' names. Code "no-such-resident". */
void people_erase(struct queue *q, uint64_t id, queue_done_fn cb, void *arg);

#endif
