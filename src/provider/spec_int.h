/* Inside spec*.c and http*.c only. */
#ifndef PROVIDER_SPEC_INT_H
#define PROVIDER_SPEC_INT_H

#include <jansson.h>
#include <regex.h>
#include <stdbool.h>

#include "provider/classes.h"
#include "provider/form.h"
#include "provider/spec.h"
#include "provider/vendor.h"

/* ---- the text: sections of entries ---- */

struct spec_entry {
    char *key, *value;
    bool optional; /* "key? = ...": left out where its value is empty */
    int line;
};
struct spec_section {
    char *name;
    int line;
    struct spec_entry *entries;
    size_t n;
};
struct spec_source {
    const char *file;
    struct spec_section *sections;
    size_t n;
    struct err *e;
};
int spec_read(struct spec_source *src, const char *text, size_t n);
void spec_source_fini(struct spec_source *src);
const struct spec_section *spec_section(const struct spec_source *src, const char *name);
/* Fills src->e, returns -1. */
int spec_fail(const struct spec_source *src, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- expressions ---- */

/* What may stand where: a bit for each place that knows the name. */
enum {
    AT_PATH = 1,
    AT_BODY = 2,
    AT_LATE = 4, /* headers and query: the body is known */
    AT_GIVEN = 8 /* the id we give a message: the same however often it is asked for */,
    AT_HOOK = 16,
    AT_SENDING = AT_PATH | AT_BODY | AT_LATE,
    AT_ANY = 31
};
/* What the bytes of a value can be pasted into as they are. */
enum { SAFE_URL = 1, SAFE_JSON = 2, SAFE_XML = 4, SAFE_ALL = 7 };

struct spec;
struct spec_env;
struct spec_node;
typedef int (*spec_fn)(struct spec_env *env, const struct spec_node *node, struct buf *out);

struct spec_node {
    spec_fn eval;
    char *text; /* a literal; what stands behind the dot of a name */
    size_t len;
    size_t index; /* let: which one */
    struct spec_node **args;
    size_t n_args;
    unsigned safe, at;
    unsigned sorts; /* a bit for each list of fields that a sorted() in it looks at */
};
struct spec_name {
    const char *name; /* one that ends in '.' is followed by a key */
    spec_fn eval;
    unsigned at, safe;
    bool of_template;
};
struct spec_func {
    const char *name;
    size_t min, max;   /* arguments */
    unsigned literals; /* a bit for each argument that must be written out */
    unsigned keeps;    /* of what its arguments are safe in, its result is safe in too */
    unsigned gives;    /* what its result is safe in whatever the arguments are */
    unsigned at;
    spec_fn eval;
};
const struct spec_name *spec_name_find(const char *name, size_t n);
const struct spec_func *spec_func_find(const char *name, size_t n);
/* For messages: the names of all functions, of all names known at ${at}. */
void spec_func_list(struct buf *out);
void spec_name_list(struct buf *out, unsigned at);
/* Formats of utc() and local(): 0, or -1. */
int spec_time_format_check(const char *fmt);

/* "text ${expr} text"; NULL when it is wrong. */
struct spec_node *spec_template(const struct spec_source *src, struct spec *s, const char *text, int line,
                                unsigned at);
/* "expr" alone. */
struct spec_node *spec_expression(const struct spec_source *src, struct spec *s, const char *text, size_t n,
                                  int line, unsigned at);
void spec_node_free(struct spec_node *node);
int spec_let_eval(struct spec_env *env, const struct spec_node *node, struct buf *out);

struct spec_field {
    char *name;
    struct spec_node *value;
    bool optional;
};
struct spec_fields {
    struct spec_field *list;
    size_t n;
};
/* A setting that must be there. */
struct spec_need {
    char *key;
    int line;
    bool hook;     /* for callbacks only */
    bool optional; /* may be there */
};

/* ---- reading what comes ---- */

enum spec_format { FORMAT_JSON, FORMAT_FORM, FORMAT_QUERY, FORMAT_TEXT, FORMAT_XML };
/* Those with a tree. */
static inline bool spec_is_tree(enum spec_format f)
{
    return f == FORMAT_JSON || f == FORMAT_XML;
}

struct spec_doc {
    enum spec_format format;
    json_t *tree;
    struct form form;
    const char *text;
    size_t len;
};
/* Where a value stands: "/a/b | /c ~ REGEX", "body". */
struct spec_pick {
    char **paths; /* NULL terminated; "" = the body */
    regex_t *re;
};
enum spec_op { OP_IN, OP_NOT_IN, OP_MATCH, OP_EXISTS, OP_ABSENT };
struct spec_cond {
    bool http; /* the status of the answer */
    struct spec_pick pick;
    enum spec_op op;
    char **values; /* NULL terminated */
    regex_t *re;
};
struct spec_conds {
    struct spec_cond *list;
    size_t n;
};
/* A pattern of a code and what it stands for. */
struct spec_pattern {
    char *text; /* exact, or a beginning that ends in '*', or "5xx" of a status */
    regex_t *re;
};
struct spec_class {
    struct spec_pattern pattern;
    struct class_row row; /* its words are ours */
};
struct spec_classes {
    struct spec_class *list;
    size_t n;
};
int spec_pick_parse(const struct spec_source *src, const struct spec_entry *e, struct spec_pick *out);
int spec_conds_parse(const struct spec_source *src, const struct spec_entry *e, struct spec_conds *out);
/* One line "A, B*, /C/ = verdict ..." is several classes. */
int spec_classes_parse(const struct spec_source *src, const struct spec_entry *e, struct spec_classes *out);
int spec_verdict_parse(const struct spec_source *src, const struct spec_entry *e, struct class_row *out);
/* "A, B*" alone: the patterns of a line. */
int spec_patterns_parse(const struct spec_source *src, const struct spec_entry *e, struct spec_pattern **out,
                        size_t *n);
bool spec_pattern_fits(const struct spec_pattern *p, const char *code);
void spec_pattern_fini(struct spec_pattern *p);
void spec_pick_fini(struct spec_pick *p);
void spec_conds_fini(struct spec_conds *c);
void spec_classes_fini(struct spec_classes *c);

/* 0, or -1 with e->msg; ${s} is borrowed. ${mend}: halves of characters do not matter. */
int spec_doc_read(struct spec_doc *d, enum spec_format format, const char *s, size_t n, bool mend,
                  struct err *e);
void spec_doc_fini(struct spec_doc *d);
/* The value as text; false when there is none. ${item}: where the paths begin, NULL = at the top. */
bool spec_pick_get(const struct spec_pick *p, const struct spec_doc *d, const json_t *item, struct buf *out);
bool spec_conds_hold(const struct spec_conds *c, const struct spec_doc *d, const json_t *item, int status);
/* What a path leads to; NULL = nothing, or it is null. */
const json_t *spec_path(const json_t *from, const char *path);

/* ---- the whole ---- */

struct spec_response {
    enum spec_format format;
    struct spec_conds *ok; /* one of them must hold */
    size_t n_ok;
    struct spec_pick id, code, message, retry_after;
    char *items; /* path of the list of results; NULL = one for all */
    struct spec_pick item_to, item_id, item_code;
    struct spec_conds item_ok;
    struct spec_classes classes, http;
    struct class_row rest; /* when nothing else says anything */
};
struct spec_status {
    struct spec_pattern pattern;
    enum recipient_state state; /* PENDING: nothing to be told yet */
};
struct spec_hook {
    int line; /* 0 = there is none */
    bool reply;
    char *kind, *method; /* method NULL = any */
    enum spec_format format;
    char *unwrap, *items;
    struct spec_conds *when; /* all must hold */
    size_t n_when;
    struct spec_pick ref, id, to, status, code, detail, from, text, time;
    struct spec_status *statuses;
    size_t n_statuses;
    struct spec_classes codes; /* only `about` and the words count */
    struct spec_pick *dedupe;
    size_t n_dedupe;
    char *time_format;
    char *ack; /* NULL = {"code":0} */
    const char *ack_type;
};
struct spec_equal {
    struct spec_node *left, *right;
};
struct spec {
    char *file;
    char *base, *method, *content_type, *join, *zone;
    struct spec_node *path, *body, *given;
    bool has_form;
    size_t batch;
    bool needs_template;
    int uses_template; /* the line that does, 0 = none */
    struct spec_fields let, query, headers, form;
    struct spec_response response;
    struct spec_hook receipt, reply;
    struct spec_equal *equals; /* all must hold for a callback to be believed */
    size_t n_equals;
    struct spec_node *auth_time;
    int64_t skew_ms;
    struct spec_need *needs;
    size_t n_needs;
};
/* Every key of the section is one of ${keys} (NULL terminated; "key+" may stand several times) and stands once. A section that is not there is fine. */
int spec_keys(const struct spec_source *src, const char *section, const char *const *keys);
/* The entry of a key; NULL = not there. */
const struct spec_entry *spec_entry(const struct spec_source *src, const char *section, const char *key);
char *spec_text(const struct spec_source *src, const char *section, const char *key, const char *otherwise);
int spec_format_read(const struct spec_source *src, const char *section, bool hook, enum spec_format *out);
int spec_pick_entry(const struct spec_source *src, const char *section, const char *key,
                    struct spec_pick *out);
/* All entries of this key. */
int spec_conds_entries(const struct spec_source *src, const char *section, const char *key,
                       struct spec_conds **out, size_t *n);
void spec_hook_fini(struct spec_hook *h);
int spec_compile(const struct spec_source *src, struct spec *s);
int spec_compile_response(const struct spec_source *src, struct spec *s);
int spec_compile_hooks(const struct spec_source *src, struct spec *s);
void spec_need(struct spec *s, const char *key, int line, unsigned at, bool optional);

/* One request or callback under evaluation. */
struct spec_env {
    const struct spec *spec;
    const struct provider_conf *conf;
    const struct provider_msg *m; /* NULL in callbacks */
    size_t n;
    int64_t now_ms;
    const char *nonce;
    const struct vendor_match *match; /* NULL = no template */
    const char *body;
    size_t body_len;
    const struct provider_callback *in; /* NULL in requests */
    const struct form *query, *field;
    struct buf *let; /* [spec->let.n]: evaluated once */
    bool *let_known;
    struct err *e;
};
void spec_env_init(struct spec_env *env, const struct provider_conf *c, struct err *e);
void spec_env_fini(struct spec_env *env);
/* Appends; -1 with env->e filled. */
int spec_eval(struct spec_env *env, const struct spec_node *node, struct buf *out);
/* The value of a setting or option of the account; NULL = not set. */
const struct secret *spec_setting(const struct provider_conf *c, const char *key, struct secret *room);
/* PUBLIC_URL/hooks/NAME/SECRET/KIND; false when the account has no callbacks. */
bool spec_hook_url(const struct provider_conf *c, const char *kind, struct buf *out);

#endif
