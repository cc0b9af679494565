/* Official warnings as CAP 1.2 (and 1.1, 1.0): what a file says, field by field, in whatever order it says it.
 *
 * Hides: expat (only in cap.c), encodings, wrappers (Atom, EDXL-DE), namespaces. Elements are known by name and namespace, never by position. A document type declaration is
 * refused, so that there are no entities but the five; size, depth and number of elements are limited. Signatures are not looked at: trust comes from where a file is from.
 * Pure. */
#ifndef MODEL_CAP_H
#define MODEL_CAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CAP_BYTES_MAX  (4 << 20)
#define CAP_ALERTS_MAX 256

/* 0 = not said. */
enum cap_status { CAP_ACTUAL = 1, CAP_EXERCISE, CAP_SYSTEM, CAP_TEST, CAP_DRAFT };
enum cap_type { CAP_ALERT = 1, CAP_UPDATE, CAP_CANCEL, CAP_ACK, CAP_ERROR };
enum cap_scope { CAP_PUBLIC = 1, CAP_RESTRICTED, CAP_PRIVATE };
enum cap_urgency { CAP_IMMEDIATE = 1, CAP_EXPECTED, CAP_FUTURE, CAP_PAST, CAP_URGENCY_UNKNOWN };
enum cap_severity { CAP_EXTREME = 1, CAP_SEVERE, CAP_MODERATE, CAP_MINOR, CAP_SEVERITY_UNKNOWN };
enum cap_certainty { CAP_OBSERVED = 1, CAP_LIKELY, CAP_POSSIBLE, CAP_UNLIKELY, CAP_CERTAINTY_UNKNOWN };

struct cap_pair {
    char *name, *value; /* either may be NULL */
};
struct cap_point {
    double lat, lon; /* WGS 84 */
};
struct cap_polygon {
    struct cap_point *points; /* at least three different ones; closed or not */
    size_t n;
};
struct cap_circle {
    struct cap_point centre;
    double radius_km;
};
struct cap_area {
    char *desc;
    struct cap_polygon *polygons;
    struct cap_circle *circles;
    struct cap_pair *geocodes;
    size_t n_polygons, n_circles, n_geocodes;
    bool unreadable; /* a polygon or circle that could not be read was left out */
};
struct cap_info {
    char *language, *event, *sender_name, *headline, *description, *instruction, *expires;
    bool all_clear; /* a responseType AllClear */
    int urgency, severity, certainty;
    int64_t expires_at, effective_at, onset_at; /* 0 = not said, or no time */
    struct cap_pair *codes, *parameters;
    struct cap_area *areas;
    size_t n_codes, n_parameters, n_areas;
};
struct cap_ref {
    char *sender, *identifier;
    int64_t sent_at;
};
struct cap_alert {
    char *identifier, *sender, *sent, *note, *references;
    int64_t sent_at;
    int status, type, scope;
    struct cap_ref *refs; /* without those to itself */
    struct cap_info *infos;
    size_t n_refs, n_infos;
    bool bad_refs; /* something in references is no reference */
    bool foreign;  /* its namespace is none of CAP's */
    char bad[200]; /* why nothing can be made of it; "" = complete */
};
struct cap_list {
    struct cap_alert *alerts; /* in the order of the file */
    size_t n;
};

/* 0 and at least one alert, or -1 with code "bad-cap": too large, not well-formed, a DOCTYPE, an encoding that is not known or not kept to, no alert in it. An alert that lacks
 * what it must have is in the list and says so (bad). cap_list_fini in any case. */
int cap_parse(struct cap_list *l, const char *s, size_t n, struct err *e) MUSTCHECK;
void cap_list_fini(struct cap_list *l);

/* The words of the standard; "" for 0. */
const char *cap_status_name(int v);
const char *cap_type_name(int v);
const char *cap_scope_name(int v);
const char *cap_urgency_name(int v);
const char *cap_severity_name(int v);
const char *cap_certainty_name(int v);

/* Does this block speak the language that residents are told in? Chinese where there is any, else English, else that of the first block. */
bool cap_is_chosen(const struct cap_alert *a, const struct cap_info *i);
/* The first chosen block; NULL when there is no block at all. */
const struct cap_info *cap_chosen(const struct cap_alert *a);
/* Does this message end what it refers to? Cancel, or an Update of which every block is Past or AllClear: several authorities end events that way. */
bool cap_ends(const struct cap_alert *a);
/* An Update, or an Alert with references, which some authorities issue instead. */
bool cap_updates(const struct cap_alert *a);

#endif
