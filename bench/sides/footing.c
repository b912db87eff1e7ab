/* Counts calls of the heap; put before a program by the loader. */
#include <errno.h>
#include <stddef.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

size_t heap_calls;

void *malloc(size_t size) { heap_calls++; return __libc_malloc(size); }
void *calloc(size_t count, size_t size) { heap_calls++; return __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { heap_calls++; return __libc_realloc(old, size); }
void *memalign(size_t align, size_t size) { heap_calls++; return __libc_memalign(align, size); }
void *aligned_alloc(size_t align, size_t size) { heap_calls++; return __libc_memalign(align, size); }
int posix_memalign(void **out, size_t align, size_t size)
{
    heap_calls++;
    *out = __libc_memalign(align, size);
    return *out ? 0 : ENOMEM;
}
