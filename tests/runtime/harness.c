/* Runs a program's library with every heap function replaced by one that counts, on a stack painted beforehand.
 * harness LIBRARY NAME INPUT_BYTES ANSWER_BYTES SCRATCH_BYTES COUNT prints: heap calls, stack in bytes beyond that of an
 * empty function, the most from any place that a caller may have its own at. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static char heap[64 << 20];
static size_t used, calls;

void *malloc(size_t size)
{
    calls++;
    used = (used + 63) / 64 * 64 + size;
    return used > sizeof heap ? 0 : heap + used - size;
}
void *calloc(size_t count, size_t size) { return malloc(count * size); /* never reused, so still zero */ }
void *realloc(void *old, size_t size) { (void)old, (void)size, calls++; return 0; }
void *aligned_alloc(size_t alignment, size_t size) { (void)alignment; return malloc(size); }
void free(void *old) { (void)old, calls++; }

typedef void (*batch)(const void *, void *, size_t, void *);
enum { DEEP = 256 << 10, PAINT = 0xA5 };

static void nothing(const void *in, void *out, size_t count, void *work) { (void)in, (void)out, (void)count, (void)work; }

/* Paints the stack below its own frame: what is called next, from the same place, writes there. */
static __attribute__((noinline)) void paint(void)
{
    volatile unsigned char *here = __builtin_frame_address(0);
    for (long i = 256; i < DEEP; i++) here[-i] = PAINT;
}

/* How far below the same frame something was written. */
static __attribute__((noinline)) long depth(void)
{
    volatile unsigned char *here = __builtin_frame_address(0);
    long deep = DEEP - 1;
    while (deep > 256 && here[-deep] == PAINT) deep--;
    return deep;
}

/* Goes 256 bytes down, past the frames of paint and depth, and so many more, and calls. */
static __attribute__((noinline)) void call_below(size_t more, batch run, const void *in, void *out, void *work)
{
    volatile char *room = __builtin_alloca(256 + more);
    room[0] = 0;
    run(in, out, 1 + (size_t)room[0], work);
    room[255] = 0;
}

static long stack_of(size_t more, batch run, const void *in, void *out, void *work)
{
    paint();
    call_below(more, run, in, out, work);
    return depth();
}

int main(int argc, char **argv)
{
    char symbol[200];
    if (argc != 7) return 2;
    const size_t input = strtoul(argv[3], 0, 10), answer = strtoul(argv[4], 0, 10);
    const size_t scratch = strtoul(argv[5], 0, 10), count = strtoul(argv[6], 0, 10), rows = 100;
    void *library = dlopen(argv[1], RTLD_NOW);
    if (!library) return 3;
    snprintf(symbol, sizeof symbol, "%s_batch", argv[2]);
    batch run = (batch)dlsym(library, symbol);
    char *inputs = calloc(rows, input), *answers = calloc(rows, answer), *work = calloc(1, scratch);
    if (!run || !inputs || !answers || !work) return 4;
    calls = 0;
    long deep = 0;
    for (size_t more = 0; more < 128; more += 16) {
        const long one = stack_of(more, run, inputs, answers, work) - stack_of(more, nothing, inputs, answers, work);
        if (one > deep) deep = one;
    }
    for (size_t done = 0; done < count; done += rows) run(inputs, answers, rows, work);
    const size_t heap_calls = calls;
    printf("%zu %ld\n", heap_calls, deep);
    return 0;
}
