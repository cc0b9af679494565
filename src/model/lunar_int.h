/* Inside lunar*.c only. */
#ifndef MODEL_LUNAR_INT_H
#define MODEL_LUNAR_INT_H

#include <stdint.h>

#include "model/lunar.h"

#define LUNAR_YEARS (LUNAR_LAST - LUNAR_FIRST + 1)
extern const uint32_t lunar_table[LUNAR_YEARS];

#endif
