/* Between the files of cap: what an element's text becomes. */
#ifndef MODEL_CAP_INT_H
#define MODEL_CAP_INT_H

#include "base/buf.h"
#include "model/cap.h"

/* Where an element stands. */
enum cap_place {
    CAP_OUTSIDE,
    CAP_IN_ALERT,
    CAP_IN_INFO,
    CAP_IN_AREA,
    CAP_IN_EVENT_CODE,
    CAP_IN_PARAMETER,
    CAP_IN_GEOCODE,
    CAP_IN_FIELD,
    CAP_SKIPPED
};
struct cap_field;

/* What is open now. */
struct cap_open {
    struct cap_alert *alert;
    struct cap_info *info;
    struct cap_area *area;
    struct cap_pair *pair;
};

/* The field that an element ${name} inside ${place} is, or NULL. */
const struct cap_field *cap_field_find(enum cap_place place, const char *name);
/* Its text has come. */
void cap_field_set(const struct cap_field *f, struct cap_open *o, const char *text, size_t n);
/* Room for one more, zeroed: the array may move. */
void *cap_more(void *array, size_t *n, size_t size);
/* Note why this alert is refused; the first reason stays. */
void cap_bad(struct cap_alert *a, const char *why, const char *field);
/* What must hold when its end has come. */
void cap_alert_close(struct cap_alert *a);

/* Polygon and circle of one area; what cannot be read sets unreadable. */
void cap_shape_polygon(struct cap_area *a, const char *text);
void cap_shape_circle(struct cap_area *a, const char *text);

/* A file that declares GBK, GB2312 or GB18030 as UTF-8 in ${out}: 1; 0 = it declares none of these; -1 = its bytes are not what it declares. */
int cap_from_gb(const char *s, size_t n, struct buf *out);

#endif
