/* Does a warning concern us? By place codes (GB/T 2260 and its longer forms), by polygon and circle.
 *
 * Hides: the hierarchy of codes, the geometry, the outlines of Haikou's districts. Errs on the side of telling: a polygon that only touches the box around a district counts. Pure. */
#ifndef MODEL_EVENT_AREA_H
#define MODEL_EVENT_AREA_H

#include "model/cap.h"

#define AREA_CODE_MAX 12 /* digits */
#define AREAS_MAX     32

struct area_set {
    char codes[AREAS_MAX][AREA_CODE_MAX + 1]; /* as given: 2, 4, 6, 9 or 12 digits */
    size_t n;
    const struct cap_point *points; /* buildings whose place is known; borrowed */
    size_t n_points;
};

/* "460106,460107" into ${s}. -1 with code "bad-area": no code, or too many. */
int area_set_parse(struct area_set *s, const char *codes, struct err *e) MUSTCHECK;
bool area_code_valid(const char *s, size_t n);
/* Is one of the two the other, or does it lie inside it? 46 holds 4601 holds 460105 holds 460105003. */
bool area_code_related(const char *a, const char *b);
/* The place code of a CAP geocode, in ${out} of AREA_CODE_MAX + 1 bytes without trailing zeros of levels that it does not name ("460100000000" -> "4601"); false: it is none
 * (SAME, FIPS, UGC, coordinates). */
bool area_code_of(const struct cap_pair *geocode, char *out);

enum area_match {
    AREA_NO = 0, /* it is for elsewhere */
    AREA_BY_CODE,
    AREA_BY_SHAPE,
    AREA_UNNAMED,   /* names no place */
    AREA_UNREADABLE /* names only places that cannot be read or compared */
};
/* One block. Watched codes that it concerns are set in ${hit} (a mask). */
enum area_match area_match_info(const struct area_set *w, const struct cap_info *i, uint32_t *hit);
/* One code: the same. */
enum area_match area_match_code(const struct area_set *w, const char *code, uint32_t *hit);
/* The hits as a sorted list "460106,460107" in ${out}, of AREAS_MAX * (AREA_CODE_MAX + 1) bytes; returned. */
const char *area_hits(const struct area_set *w, uint32_t hit, char *out);

#endif
