/* Named points at which a test makes the program die, stop, wait or fail: FP("after_claim").
 *
 * Hides: how the points are chosen. In builds without CRIER_TEST_BUILD there is nothing of it: no call, no name, no branch.
 *
 * The environment says what happens, once read at the first point: CRIER_FP="NAME=ACTION[@NTH][%PERCENT]", several separated by commas.
 *   kill       SIGKILL to the process        delay:MS   the whole process stands still for so long
 *   stop       SIGSTOP to the process        error      the step fails, where the point is written FP_FAILS(NAME)
 * @NTH: only at the NTH time the point is passed, from 1. %PERCENT: each time with this chance; CRIER_FP_SEED=N repeats a run. Without either:
 * every time. What cannot be read ends the program: a test that tests nothing is worse than none. */
#ifndef BASE_FAILPOINT_H
#define BASE_FAILPOINT_H

#include <stdbool.h>

#ifdef CRIER_TEST_BUILD
/* Whether the caller shall fail now. */
bool failpoint_hit(const char *name);
#define FP(name)       ((void)failpoint_hit(name))
#define FP_FAILS(name) failpoint_hit(name)
#else
#define FP(name)       ((void)0)
#define FP_FAILS(name) false
#endif

#endif
