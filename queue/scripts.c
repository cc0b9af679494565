#include "queue/scripts.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#define SCRIPT(upper, lower) extern const char scripts_lua_##lower[];
#include "queue/scripts.def"
#undef SCRIPT

static const struct {
    const char *name, *source;
} table[SCRIPT_N] = {
#define SCRIPT(upper, lower) [SCRIPT_##upper] = {#lower, scripts_lua_##lower},
#include "queue/scripts.def"
#undef SCRIPT
};

struct loaded {
    char *text;
    size_t len;
    char sha[41];
};
static struct loaded cache[SCRIPT_N][2];

static void sha1_hex(const char *p, size_t n, char out[41])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_Digest(p, n, md, &len, EVP_sha1(), NULL) != 1 || len != 20)
        panic("SHA-1 is not available");
    for (size_t i = 0; i < 20; i++) {
        out[2 * i] = hex[md[i] >> 4];
        out[2 * i + 1] = hex[md[i] & 15];
    }
    out[40] = '\0';
}

static const struct loaded *load(enum script s, bool legacy)
{
    struct loaded *l = &cache[s][legacy];
    const char *source = table[s].source, *eol = strchr(source, '\n');
    struct buf b = BUF_INIT(1 << 20);

    if (l->text != NULL)
        return l;
    if (s == SCRIPT_PRELUDE || strncmp(source, "#!lua", 5) != 0 || eol == NULL)
        panic("lua/%s.lua is no script", table[s].name);
    buf_str(&b, legacy ? "--" : "#!");
    buf_add(&b, source + 2, (size_t)(eol + 1 - (source + 2)));
    buf_str(&b, table[SCRIPT_PRELUDE].source);
    buf_chr(&b, '\n');
    buf_str(&b, eol + 1);
    l->len = b.len;
    l->text = buf_take(&b);
    sha1_hex(l->text, l->len, l->sha);
    return l;
}

const char *script_name(enum script s)
{
    return table[s].name;
}

const char *script_text(enum script s, bool legacy, size_t *n)
{
    const struct loaded *l = load(s, legacy);

    *n = l->len;
    return l->text;
}

const char *script_sha(enum script s, bool legacy)
{
    return load(s, legacy)->sha;
}
