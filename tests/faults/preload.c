/* Preloaded into crierd (LD_PRELOAD) by rows S3 and H9: allocations that fail, names that resolve as told.
 *
 *   CRIER_ALLOC_FAIL=N[xK]   the Nth allocation, counted from 1, fails, and the K - 1 after it (K: 1 when not given)
 *   CRIER_ALLOC_COUNT=FILE   the number of allocations so far is kept in this file, 8 bytes in the machine's order
 *   CRIER_NAMES="bad.test=fail:0,slow.test=10.0.0.1:5000"   what getaddrinfo() answers ("fail" or an address), and after how many ms
 *
 * Only the program called crierd is touched: LD_PRELOAD reaches its children (redis-server) too. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

static _Atomic unsigned long own_count;
static _Atomic unsigned long *count = &own_count;
static unsigned long fail_from, fail_to; /* [from, to) */

static unsigned long number(const char *s, const char **end)
{
    unsigned long n = 0;

    for (; *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (unsigned long)(*s - '0');
    *end = s;
    return n;
}

/* Before main(), and after the loader has done its own. */
static void __attribute__((constructor)) begin(void)
{
    const char *fail = getenv("CRIER_ALLOC_FAIL"), *file = getenv("CRIER_ALLOC_COUNT");
    int fd;

    if (strcmp(program_invocation_short_name, "crierd") != 0)
        return;
    if (file != NULL && (fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) >= 0) {
        void *p = MAP_FAILED;

        if (ftruncate(fd, (off_t)sizeof(*count)) == 0)
            p = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p != MAP_FAILED)
            count = p;
        close(fd);
    }
    *count = 0;
    if (fail != NULL) {
        const char *end;

        fail_from = number(fail, &end);
        fail_to = fail_from + (*end == 'x' ? number(end + 1, &end) : 1);
    }
}

static bool is_refused(void)
{
    unsigned long n = atomic_fetch_add_explicit(count, 1, memory_order_relaxed) + 1;

    if (n < fail_from || n >= fail_to)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t n)
{
    return is_refused() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return is_refused() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return is_refused() ? NULL : __libc_realloc(p, n);
}

void *memalign(size_t align, size_t n)
{
    return is_refused() ? NULL : __libc_memalign(align, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    return memalign(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
    void *p = memalign(align, n);

    if (p == NULL)
        return ENOMEM;
    *out = p;
    return 0;
}

/* ---- names ---- */

typedef int getaddrinfo_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static void wait_ms(unsigned long ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    while (nanosleep(&left, &left) != 0)
        continue;
}

/* What is to be said of this name: "ADDRESS" or "fail", copied into ${answer}; NULL when nothing is. */
static const char *told(const char *name, char *answer, size_t size, unsigned long *ms)
{
    const char *p = getenv("CRIER_NAMES");
    size_t n = strlen(name);

    while (p != NULL) {
        if (strncmp(p, name, n) == 0 && p[n] == '=') {
            const char *text = p + n + 1, *end;
            size_t len = strcspn(text, ":");

            if (len >= size)
                return NULL;
            memcpy(answer, text, len);
            answer[len] = '\0';
            *ms = number(text + len + 1, &end);
            return answer;
        }
        p = strchr(p, ',');
        p = p != NULL ? p + 1 : NULL;
    }
    return NULL;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    char answer[64];
    unsigned long ms = 0;
    getaddrinfo_fn *next;

    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name == NULL || told(name, answer, sizeof(answer), &ms) == NULL)
        return next(name, service, hints, out);
    wait_ms(ms);
    return strcmp(answer, "fail") == 0 ? EAI_NONAME : next(answer, service, hints, out);
}
