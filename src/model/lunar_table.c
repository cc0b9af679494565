/* The lunar years 2023 to 2099, one word each: facts, not computed here. Part of lunar.h.
 *
 *   bits 0-12   month i (in order, a leap month after its own) has 30 days, otherwise 29
 *   bits 13-16  the leap month, 0 = none
 *   bits 17-22  day of the Gregorian year (0 = January 1) on which the lunar year begins
 *   bit 23      Qingming is April 5, otherwise April 4
 *   bit 24      the winter solstice is December 22, otherwise December 21
 *
 * Source: GB/T 33661-2017 as published by the Purple Mountain and Hong Kong observatories. tests/lint/lunar computes all of it again from the motions of sun
 * and moon. Days that nobody can decide (new moons within a minute of midnight: 2057-09-28, 2089-09-04, 2097-08-07) are as Hong Kong has them. */
#include "model/lunar_int.h"

const uint32_t lunar_table[LUNAR_YEARS] = {
    0x01aa55b2, 0x005006d2, 0x0038cea5, 0x01de0725, 0x01c8064b, 0x0032ac97, /* 2023 */
    0x00560cab, 0x01c2055a, 0x01ac6ad6, 0x00520b69, 0x003d7752, 0x01e20b52, /* 2029 */
    0x01cc0b25, 0x0036da4b, 0x005a0a4b, 0x01c404ab, 0x01aea55b, 0x005405ad, /* 2035 */
    0x003e0b6a, 0x012a5b52, 0x01d00d92, 0x003afd25, 0x005e0d25, 0x01480a55, /* 2041 */
    0x01b2b4ad, 0x005804b6, 0x004005b5, 0x012c6daa, 0x01d20ec9, 0x003f1e92, /* 2047 */
    0x00620e92, 0x014c0d26, 0x01b6ca56, 0x005a0a57, 0x00440556, 0x002e86d5, /* 2053 */
    0x01d40755, 0x00400749, 0x00286e93, 0x004e0693, 0x01b8f52b, 0x005e052b, /* 2059 */
    0x00460a5b, 0x0032b55a, 0x01d8056a, 0x00420b65, 0x002c974a, 0x00520b4a, /* 2065 */
    0x01bd1a95, 0x00620a95, 0x004a052d, 0x0034caad, 0x015a0ab5, 0x004605aa, /* 2071 */
    0x002e8ba5, 0x00540da5, 0x01400d4a, 0x002a7c95, 0x004e0c96, 0x0038f94e, /* 2077 */
    0x015e0556, 0x00480ab5, 0x0032b5b2, 0x005806d2, 0x01420ea5, 0x002e8e4a, /* 2083 */
    0x0050068b, 0x003b0c97, 0x006004ab, 0x004a055b, 0x0034cad6, 0x005a0b6a, /* 2089 */
    0x00460752, 0x00309725, 0x00540b45, 0x003e0a8b, 0x0028549b,             /* 2095 */
};
