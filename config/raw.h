/* What the operator wrote, before it means anything: sections, options as text, and where each one stood.
 *
 * Hides from the rest of config/: libconfuse. Inside config/ only. */
#ifndef CONFIG_RAW_H
#define CONFIG_RAW_H

#include "config/config.h"

struct raw_value {
    char **items; /* one for a plain option, any number for a list */
    size_t n;
    char *where; /* "crier.conf:12", "--set", "--dev"; NULL = not set */
};

struct raw_section {
    const char *kind; /* "community", "redis", ... "" = top level; points into the option table */
    char *title;      /* NULL where the kind has none */
    char *where;
    struct raw_value *values; /* one for each row of the option table, those of other kinds unused */
};

struct raw {
    struct raw_section *sections; /* the top level is always the first */
    size_t n;
};

struct raw *raw_new(void);
void raw_free(struct raw *r); /* NULL is fine */
/* The section of this kind and title (NULL = kind without titles), made when there is none; borrowed until the next raw_section. */
struct raw_section *raw_section(struct raw *r, const char *kind, const char *title, const char *where);
struct raw_section *raw_find(const struct raw *r, const char *kind, const char *title);
size_t raw_count(const struct raw *r, const char *kind);
/* Replace (raw_put) or extend a list (raw_append); everything is copied. */
void raw_put(struct raw_section *s, size_t option, const char *value, const char *where);
void raw_append(struct raw_section *s, size_t option, const char *value, const char *where);
void raw_clear(struct raw_section *s, size_t option, const char *where);

/* Kinds of sections. */
struct config_kind {
    const char *name;
    bool titled;
};
const struct config_kind *config_kinds(size_t *n);
/* The row of this option, -1 when there is none. */
int option_index(const char *kind, const char *name);
/* Is ${value} a possible value of (an item of) this option? 0, or -1 with "WHERE: what was found; what is allowed". */
int option_check(const struct config_option *o, const char *value, const char *where, struct err *e);
/* Append "; allowed are name, areas, ..." to ${out}. */
void option_names(const char *kind, char *out, size_t n);
/* 1..32 letters, digits, - and _. */
bool option_is_name(const char *s);
/* yes/no and their like; -1 when it is none. */
int option_bool(const char *value);

/* The steps of config_load. */
int load_file(struct raw *r, const char *path, struct err *e) MUSTCHECK;
int load_set(struct raw *r, const char *set, struct err *e) MUSTCHECK;
void load_dev(struct raw *r, const char *dir);
/* Takes ${r}, also when it fails. */
struct config *load_build(struct raw *r, const char *path, struct err *e) MUSTCHECK;

#endif
