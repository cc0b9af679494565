/* Expressions and templates: from text to nodes. What is unknown, misplaced or wrongly called is found here, once, when the description is read. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/spec_int.h"

enum { DEPTH_MAX = 16, ARGS_MAX = 64, IDENT_MAX = 80 };

struct reader {
    const struct spec_source *src;
    struct spec *spec;
    const char *p, *end;
    int line, depth;
    unsigned at;
    bool optional; /* inside the first argument of default() */
};

/* ---- nodes ---- */

static struct spec_node *node_new(spec_fn eval)
{
    struct spec_node *node = xcalloc(1, sizeof(*node));

    node->eval = eval;
    node->at = AT_ANY;
    node->safe = SAFE_ALL;
    return node;
}

void spec_node_free(struct spec_node *node)
{
    if (node == NULL)
        return;
    for (size_t i = 0; i < node->n_args; i++)
        spec_node_free(node->args[i]);
    free(node->args);
    free(node->text);
    free(node);
}

static int eval_literal(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    (void)env;
    return buf_add(out, node->text, node->len);
}

static int eval_all(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    for (size_t i = 0; i < node->n_args; i++)
        if (spec_eval(env, node->args[i], out) != 0)
            return -1;
    return 0;
}

/* What a text written out can be pasted into: a slip of its author's is found too. */
static unsigned literal_safe(const char *s, size_t n)
{
    unsigned safe = SAFE_ALL;

    for (size_t i = 0; i < n; i++) {
        bool control = (unsigned char)s[i] < 0x20 || s[i] == 0x7f || s[i] == '\0';

        if (control || s[i] == '"' || s[i] == '\\')
            safe &= ~(unsigned)SAFE_JSON;
        if (control || strchr("<>&\"'", s[i]) != NULL)
            safe &= ~(unsigned)SAFE_XML;
        if (control || (unsigned char)s[i] >= 0x80 || strchr(" \"#<>\\^`{|}", s[i]) != NULL)
            safe &= ~(unsigned)SAFE_URL;
    }
    return safe;
}

static struct spec_node *literal_new(const char *s, size_t n)
{
    struct spec_node *node = node_new(eval_literal);

    node->text = xstrndup(s, n);
    node->len = n;
    return node;
}

static void add_arg(struct spec_node *node, struct spec_node *arg)
{
    node->args = xrealloc(node->args, (node->n_args + 1) * sizeof(*node->args));
    node->args[node->n_args++] = arg;
    node->at &= arg->at;
    node->sorts |= arg->sorts;
}

/* ---- names ---- */

static int unknown_name(const struct reader *r, const char *s, size_t n)
{
    struct buf names = BUF_INIT(600);
    int rc;

    spec_name_list(&names, r->at);
    rc = spec_fail(r->src, r->line, "name \"%.*s\"; allowed here: %s", (int)(n < 40 ? n : 40), s,
                   buf_cstr(&names));
    buf_fini(&names);
    return rc;
}

static int bind_let(const struct reader *r, struct spec_node *node)
{
    const struct spec_fields *let = &r->spec->let;

    for (size_t i = 0; i < let->n; i++) {
        const struct spec_node *value = let->list[i].value;

        if (strcmp(let->list[i].name, node->text) != 0)
            continue;
        node->index = i;
        node->at = value->at;
        node->safe = value->safe;
        node->sorts = value->sorts;
        if ((value->at & r->at) == 0)
            return spec_fail(r->src, r->line, "let.%.40s uses what is not known here", node->text);
        return 0;
    }
    return spec_fail(r->src, r->line, "let.%.40s; allowed: a name that [let] gives before", node->text);
}

static struct spec_node *name_new(struct reader *r, const char *s, size_t n)
{
    const struct spec_name *name = spec_name_find(s, n);
    struct spec_node *node;
    size_t before;

    if (name == NULL || (name->at & r->at) == 0) {
        unknown_name(r, s, n);
        return NULL;
    }
    before = strlen(name->name);
    node = node_new(name->eval);
    node->text = xstrndup(s + before, n - before);
    node->len = n - before;
    node->at = name->at;
    node->safe = name->safe;
    if (strcmp(name->name, "let.") == 0 && bind_let(r, node) != 0) {
        spec_node_free(node);
        return NULL;
    }
    if (strcmp(name->name, "cfg.") == 0)
        spec_need(r->spec, node->text, r->line, r->at, r->optional);
    if (name->of_template)
        r->spec->uses_template = r->line;
    if (strcmp(name->name, "hook.") == 0)
        spec_need(r->spec, "public_url", r->line, r->at, r->optional);
    return node;
}

/* ---- calls ---- */

static struct spec_node *read_expr(struct reader *r);

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
        r->p++;
}

static bool take(struct reader *r, char c)
{
    skip_blanks(r);
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

/* sorted('form' | 'query', ...) */
static int bind_sorted(const struct reader *r, struct spec_node *node)
{
    bool query = strcmp(node->args[0]->text, "query") == 0;

    if (!query && strcmp(node->args[0]->text, "form") != 0)
        return spec_fail(r->src, r->line, "sorted('%.20s'); allowed: 'form', 'query'", node->args[0]->text);
    if (strcmp(node->args[3]->text, "url") != 0 && strcmp(node->args[3]->text, "form") != 0 &&
        strcmp(node->args[3]->text, "none") != 0)
        return spec_fail(r->src, r->line, "sorted(..., '%.20s'); allowed: 'none', 'url', 'form'",
                         node->args[3]->text);
    node->sorts |= query ? 2 : 1;
    node->at &= query ? AT_LATE : AT_BODY | AT_LATE;
    if ((node->at & r->at) == 0)
        return spec_fail(r->src, r->line, "sorted('%s') here, where these fields are not known yet",
                         query ? "query" : "form");
    return 0;
}

static int check_call(struct reader *r, const struct spec_func *f, struct spec_node *node)
{
    unsigned all = SAFE_ALL;

    node->at &= f->at;
    if ((node->at & r->at) == 0)
        return spec_fail(r->src, r->line, "%s() here, where what it is made of is not known", f->name);
    if (strcmp(f->name, "params.kv") == 0)
        r->spec->uses_template = r->line;
    if (node->n_args < f->min || node->n_args > f->max)
        return spec_fail(r->src, r->line, "%s() with %zu arguments; allowed: %zu to %zu", f->name,
                         node->n_args, f->min, f->max);
    for (size_t i = 0; i < node->n_args; i++) {
        all &= node->args[i]->safe;
        if ((f->literals & 1u << i) != 0 && node->args[i]->eval != eval_literal)
            return spec_fail(r->src, r->line, "argument %zu of %s(); allowed: a 'text' written out", i + 1,
                             f->name);
    }
    node->safe = f->gives | (f->keeps & all);
    if (strcmp(f->name, "sorted") == 0 && bind_sorted(r, node) != 0)
        return -1;
    if ((strcmp(f->name, "utc") == 0 || strcmp(f->name, "local") == 0) &&
        spec_time_format_check(node->args[0]->text) != 0)
        return spec_fail(r->src, r->line,
                         "time format '%.40s'; allowed: %%Y %%y %%m %%d %%j %%H %%M %%S %%%%",
                         node->args[0]->text);
    return 0;
}

static int read_args(struct reader *r, const struct spec_func *f, struct spec_node *node)
{
    bool outer = r->optional;

    if (take(r, ')'))
        return 0;
    do {
        struct spec_node *arg;

        if (node->n_args == ARGS_MAX)
            return spec_fail(r->src, r->line, "more than %d arguments", ARGS_MAX);
        r->optional = outer || (strcmp(f->name, "default") == 0 && node->n_args == 0);
        arg = read_expr(r);
        r->optional = outer;
        if (arg == NULL)
            return -1;
        add_arg(node, arg);
    } while (take(r, ','));
    return take(r, ')') ? 0 : spec_fail(r->src, r->line, "%s( is not closed; allowed: )", f->name);
}

static struct spec_node *read_call(struct reader *r, const char *s, size_t n)
{
    const struct spec_func *f = spec_func_find(s, n);
    struct spec_node *node;

    if (f == NULL) {
        struct buf names = BUF_INIT(300);

        spec_func_list(&names);
        (void)spec_fail(r->src, r->line, "function \"%.*s\"; allowed: %s", (int)(n < 40 ? n : 40), s,
                        buf_cstr(&names));
        buf_fini(&names);
        return NULL;
    }
    node = node_new(f->eval);
    if (read_args(r, f, node) == 0 && check_call(r, f, node) == 0)
        return node;
    spec_node_free(node);
    return NULL;
}

/* 'text' with \n \t \\ \' */
static struct spec_node *read_literal(struct reader *r)
{
    static const char codes[] = "nt\\'", bytes[] = "\n\t\\'";
    struct buf text = BUF_INIT(SPEC_FILE_MAX);
    struct spec_node *node;

    for (; r->p < r->end && *r->p != '\''; r->p++) {
        const char *code = codes;

        if (*r->p == '\\') {
            code = r->p + 1 < r->end ? strchr(codes, *++r->p) : NULL;
            if (code == NULL || *code == '\0')
                break;
            buf_chr(&text, bytes[code - codes]);
        } else {
            buf_chr(&text, *r->p);
        }
    }
    if (r->p == r->end || *r->p != '\'') {
        (void)spec_fail(r->src, r->line, "a text that is not closed, or \\ before what is none of n t \\ '");
        buf_fini(&text);
        return NULL;
    }
    r->p++;
    node = literal_new(buf_cstr(&text), text.len);
    node->safe = literal_safe(buf_cstr(&text), text.len);
    buf_fini(&text);
    return node;
}

static struct spec_node *read_expr(struct reader *r)
{
    struct spec_node *node = NULL;
    const char *from;
    size_t n;

    skip_blanks(r);
    from = r->p;
    while (r->p < r->end &&
           strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-", *r->p) != NULL)
        r->p++;
    n = (size_t)(r->p - from);
    if (++r->depth > DEPTH_MAX) {
        (void)spec_fail(r->src, r->line, "calls in calls, more than %d deep", DEPTH_MAX);
    } else if (n > IDENT_MAX) {
        (void)spec_fail(r->src, r->line, "a name of more than %d bytes", IDENT_MAX);
    } else if (n == 0 && take(r, '\'')) {
        node = read_literal(r);
    } else if (n == 0) {
        (void)spec_fail(r->src, r->line, "no expression; allowed: a name, 'text', or function(...)");
    } else {
        node = take(r, '(') ? read_call(r, from, n) : name_new(r, from, n);
    }
    r->depth--;
    return node;
}

/* ---- templates ---- */

struct spec_node *spec_expression(const struct spec_source *src, struct spec *s, const char *text, size_t n,
                                  int line, unsigned at)
{
    struct reader r = {.src = src, .spec = s, .p = text, .end = text + n, .line = line, .at = at};
    struct spec_node *node = read_expr(&r);

    skip_blanks(&r);
    if (node != NULL && r.p != r.end) {
        (void)spec_fail(src, line, "\"%.20s\" behind an expression", r.p);
        spec_node_free(node);
        return NULL;
    }
    return node;
}

/* Literal text up to the next "${"; "$${" is a literal "${". */
static void read_text(struct reader *r, struct spec_node *all)
{
    struct buf text = BUF_INIT(SPEC_FILE_MAX);

    while (r->p < r->end && !(r->end - r->p >= 2 && memcmp(r->p, "${", 2) == 0)) {
        bool escaped = r->end - r->p >= 3 && memcmp(r->p, "$${", 3) == 0;

        buf_add(&text, escaped ? "${" : r->p, escaped ? 2 : 1);
        r->p += escaped ? 3 : 1;
    }
    /* around expressions it is what they stand in; a name of [let] is a value as a whole */
    all->safe &= literal_safe(buf_cstr(&text), text.len);
    if (text.len > 0)
        add_arg(all, literal_new(buf_cstr(&text), text.len));
    buf_fini(&text);
}

struct spec_node *spec_template(const struct spec_source *src, struct spec *s, const char *text, int line,
                                unsigned at)
{
    struct reader r = {.src = src, .spec = s, .p = text, .end = text + strlen(text), .line = line, .at = at};
    struct spec_node *all = node_new(eval_all);

    while (r.p < r.end) {
        struct spec_node *node;

        read_text(&r, all);
        if (r.p == r.end)
            break;
        r.p += 2;
        node = read_expr(&r);
        if (node != NULL) {
            add_arg(all, node);
            all->safe &= node->safe;
            if (take(&r, '}'))
                continue;
            (void)spec_fail(src, line, "${ that is not closed; allowed: } behind the expression");
        }
        spec_node_free(all);
        return NULL;
    }
    return all;
}

int spec_let_eval(struct spec_env *env, const struct spec_node *node, struct buf *out)
{
    struct buf *value = &env->let[node->index];

    if (!env->let_known[node->index]) {
        if (spec_eval(env, env->spec->let.list[node->index].value, value) != 0)
            return -1;
        env->let_known[node->index] = true;
    }
    return buf_add(out, buf_cstr(value), value->len);
}
