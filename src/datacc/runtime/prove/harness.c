/* Runs one program on given rows, and nothing else: no libc, no heap, every system call by hand.
 *
 *   harness MODE ROWS NUMBER CHOICE
 *
 * MODE     guarded      each row four times, memory between guard pages, on a stack of NUMBER bytes
 *          faults       NUMBER calls after a warm-up, three times: page faults
 *          undefined    under memcheck: input and state are marked undefined
 *          counts, counts_batch  under callgrind: one dump for each call
 * ROWS     a file of rows, each an input and the state before it
 * CHOICE   which fault a planted program commits
 *
 * Compile with INPUT, ANSWER, STATE, SCRATCH (sizes in bytes) and MEMBERS
 * ({offset, size} of every member of the answer), beside agreed.c; link with the program's library.
 * With HOSTED it is an ordinary program instead, for sanitizers, and knows the mode `guarded` only, without guards of
 * its own. What it finds goes to standard output, one `word number…` a line. */
#include "machine.h"

/* The program's two functions, from agreed.c: a program may be called like anything in this file. */
extern void (*const prove_program[2])(void) __asm__("prove.program");
extern int prove_choice __asm__("prove.choice") __attribute__((weak)); /* a planted program has it, no other can */

enum { PAGE = 65536, AREAS = 5 }; /* PAGE is a multiple of every system's page */
static const struct { word at, size; } members[] = {MEMBERS};
enum { MEMBER_COUNT = sizeof members / sizeof *members };

/* ---- Traps: a program that calls the heap is bound to these. ---- */

#ifndef HOSTED
static long trapped;
static char pool[PAGE] __attribute__((aligned(64)));
#define TRAP(name) __attribute__((visibility("default"))) void *name(void); void *name(void) { trapped++; return pool; }
TRAP(malloc) TRAP(calloc) TRAP(realloc) TRAP(free) TRAP(aligned_alloc) TRAP(posix_memalign) TRAP(memalign) TRAP(valloc)
TRAP(mmap) TRAP(munmap) TRAP(brk) TRAP(sbrk) TRAP(_Znwm) TRAP(_Znam) TRAP(_ZdlPv)
#else
enum { trapped = 0 };
#endif

/* ---- Memory between pages that nobody may touch. ---- */

typedef struct {
    const char *name;
    char *low, *high, *at; /* what may be touched; what the program is given */
    word size;
} area;
enum { IN, OUT, WORK, MEMORY, STACK };
static area areas[AREAS] = {{"input", 0, 0, 0, 0}, {"answer", 0, 0, 0, 0}, {"scratch", 0, 0, 0, 0},
                            {"state", 0, 0, 0, 0}, {"stack", 0, 0, 0, 0}};

static char *pages(word size, word allowed)
{
    return (char *)call(SYS_MMAP, 0, size, allowed, 0x22 /* private, anonymous */, (word)-1, 0);
}

static void reserve(area *a, word size)
{
    const word whole = (size + PAGE - 1) / PAGE * PAGE + (size ? 0 : PAGE);
    char *base = pages(whole + 3 * PAGE, 0);
    base += 2 * PAGE - (word)base % PAGE;
    call(SYS_MPROTECT, (word)base, whole, 3 /* read, write */, 0, 0, 0);
    a->low = a->at = base;
    a->high = base + whole;
    a->size = size;
}

/* What the program is given ends where the pages end, or begins where they begin. */
static void settle(int at_end, int poison)
{
    for (int i = 0; i < STACK; i++) {
        areas[i].at = at_end ? areas[i].high - areas[i].size : areas[i].low;
        fill(areas[i].low, poison, (word)(areas[i].high - areas[i].low));
    }
}

static long changed(const char *from, const char *to, int poison)
{
    for (; from < to; from++) if (*from != (char)poison) return 1;
    return 0;
}

/* How many areas have a byte that changed outside what the program was given. */
static long changed_outside(int poison)
{
    long found = 0;
    for (int i = 0; i < STACK; i++) {
        const area *a = &areas[i];
        found += changed(a->low, a->at, poison) || changed(a->at + a->size, a->high, poison);
    }
    return found;
}

/* ---- The program. ---- */

static void run(const void *function, word a, word b, word c, word d, word e)
{
    if (areas[STACK].size) on_stack(areas[STACK].low + (areas[STACK].size + 15) / 16 * 16, function, a, b, c, d, e);
    else ((void (*)(word, word, word, word, word))function)(a, b, c, d, e);
}

static void run_one(void)
{
    const word in = (word)areas[IN].at, out = (word)areas[OUT].at, work = (word)areas[WORK].at;
    if (STATE) run((const void *)prove_program[0], in, out, (word)areas[MEMORY].at, work, 0);
    else run((const void *)prove_program[0], in, out, work, 0, 0);
}

static void run_batch(word count)
{
    const word in = (word)areas[IN].at, out = (word)areas[OUT].at, work = (word)areas[WORK].at;
    if (STATE) run((const void *)prove_program[1], in, out, count, (word)areas[MEMORY].at, work);
    else run((const void *)prove_program[1], in, out, count, work, 0);
}

/* ---- The rows. ---- */

enum { ROW = INPUT + STATE };
static const char *rows;
static word row_count;

static void read_rows(const char *path)
{
    const word file = (word)call(SYS_OPEN, (word)-100, (word)path, 0, 0, 0, 0);
    const word size = (word)call(SYS_SEEK, file, 0, 2 /* to the end */, 0, 0, 0);
    rows = (const char *)call(SYS_MMAP, 0, size, 1 /* read */, 2 /* private */, file, 0);
    row_count = size / ROW;
    if (!row_count) leave(2);
}

static void give(word row, word place)
{
    copy(areas[IN].at + place * INPUT, rows + row % row_count * ROW, INPUT);
    if (STATE) copy(areas[MEMORY].at, rows + row % row_count * ROW + INPUT, STATE);
}

/* ---- When it goes wrong. ---- */

static void caught(int signal, char *info, void *context)
{
    char *const where = *(char **)(info + 16);
    (void)context;
    if (signal == 31) tell("call", *(int *)(info + 24));
    for (int i = 0; i < AREAS && signal != 31; i++)
        if (where >= areas[i].low - PAGE && where < areas[i].high + PAGE) {
            const long numbers[2] = {where - areas[i].at, (long)areas[i].size};
            say(areas[i].name, numbers, 2);
        }
    tell("signal", signal);
    leave(1);
}

static void watch(void)
{
    const struct { char *at; int flags, pad; word size; } stack = {pages(PAGE, 3), 0, 0, PAGE};
    const struct { void (*f)(int, char *, void *); word flags; void *restorer; word mask; } action = {
        caught, 0x0C000004 /* on that stack, with what happened */, (void *)caught, 0};
    const int signals[] = {4, 7, 8, 11, 31};
    call(SYS_STACK, (word)&stack, 0, 0, 0, 0, 0);
    for (int i = 0; i < 5; i++) call(SYS_SIGACTION, (word)signals[i], (word)&action, 0, 8, 0, 0);
}

/* From here on every system call but these three is trapped. */
static void lock(void)
{
    static const struct { unsigned short code; unsigned char yes, no; unsigned k; } filter[] = {
        {0x20, 0, 0, 0}, {0x15, 3, 0, SYS_WRITE}, {0x15, 2, 0, SYS_EXIT}, {0x15, 1, 0, SYS_RUSAGE},
        {0x06, 0, 0, 0x00030000 /* trap */}, {0x06, 0, 0, 0x7FFF0000 /* allow */}};
    const struct { unsigned short count; const void *filter; } program = {6, filter};
    call(SYS_PRCTL, 38 /* no new privileges */, 1, 0, 0, 0, 0);
    tell("locked", call(SYS_PRCTL, 22 /* seccomp */, 2, (word)&program, 0, 0, 0) == 0);
}

/* ---- Modes. ---- */

#ifndef HOSTED
enum { PAINT = 0xA5, WAYS = 4 };
#else
enum { PAINT = 0xA5, WAYS = 1 };
#endif

static long deepest(void)
{
    const char *p = areas[STACK].low, *top = p + (areas[STACK].size + 15) / 16 * 16;
    while (p < top && *p == (char)PAINT) p++;
    return top - p;
}

/* Twice with the pages' end and twice with their beginning against the guards, each on rubbish of its own. */
static void guarded(char *first)
{
    static const int poisons[4] = {0xFF /* NaN, -1 */, 0x71 /* 1.2e30, 113 */, 0, 0x80 /* -1e-38, -128 */};
    long unlike = 0, outside = 0, spoilt = 0;
    fill(areas[STACK].low, PAINT, (word)(areas[STACK].high - areas[STACK].low));
    for (int way = 0; way < WAYS; way++)
        for (word row = 0; row < row_count; row++) {
            char *answer = first + row * (ANSWER + STATE);
            settle(way < 2, poisons[way]);
            give(row, 0);
            run_one();
            spoilt += differing(areas[IN].at, rows + row * ROW, INPUT) >= 0;
            outside += changed_outside(poisons[way]);
            for (int m = 0; way && m < MEMBER_COUNT; m++)
                unlike += differing(answer + members[m].at, areas[OUT].at + members[m].at, members[m].size) >= 0;
            unlike += way && differing(answer + ANSWER, areas[MEMORY].at, STATE) >= 0;
            if (!way) copy(answer, areas[OUT].at, ANSWER), copy(answer + ANSWER, areas[MEMORY].at, STATE);
        }
    tell("heap", trapped);
    tell("unlike", unlike);
    tell("outside", outside);
    tell("spoilt", spoilt);
    tell("deepest", deepest());
}

static long page_faults(void)
{
    long usage[18] = {0}; /* two times of two words, then: size, shared, data, stack, minor faults, major faults */
    call(SYS_RUSAGE, 0, (word)usage, 0, 0, 0, 0);
    return usage[8] + usage[9];
}

static void faults(word count)
{
    for (word i = 0; i < row_count; i++) give(i, 0), run_one();
    long rounds[3];
    for (int round = 0; round < 3; round++) {
        rounds[round] = page_faults();
        for (word i = 0; i < count; i++) give(i, 0), run_one();
        rounds[round] = page_faults() - rounds[round];
    }
    say("faults", rounds, 3);
}

static void undefined(int batch)
{
    for (word row = 0; row < row_count; row++) {
        give(row, 0);
        if (batch) give(row + 1, 1);
        for (int i = 0; i < STACK; i++) mark_undefined(areas[i].at, areas[i].size);
        if (batch) run_batch(2); else run_one();
    }
}

static void counts(int batch)
{
    for (word row = 0; row < row_count; row++) {
        give(row, 0);
        if (batch) give(row + 1, 1);
        if (batch) run_batch(2); else run_one();
        dump_counts();
    }
}

static void start(char **words)
{
    const char *mode = words[1];
    const int batch = mode[0] != 'g' && mode[length(mode) - 1] == 'h';
    read_rows(words[2]);
    if (&prove_choice) prove_choice = (int)number_in(words[4]);
    reserve(&areas[IN], batch ? 2 * INPUT : INPUT);
    reserve(&areas[OUT], batch ? 2 * ANSWER : ANSWER);
    reserve(&areas[WORK], SCRATCH);
    reserve(&areas[MEMORY], STATE);
    reserve(&areas[STACK], mode[0] == 'g' ? number_in(words[3]) : 0);
    char *first = pages(row_count * (ANSWER + STATE), 3); /* answers and states of the first way */
#ifndef HOSTED
    if (mode[0] == 'g' || mode[0] == 'f') watch(), lock();
#endif
    if (mode[0] == 'g') guarded(first);
    else if (mode[0] == 'f') faults(number_in(words[3]));
    else if (mode[0] == 'u') undefined(batch);
    else counts(batch);
    tell("done", (long)row_count);
}

#ifdef HOSTED
int main(int count, char **words) { (void)count, start(words); return 0; }
#else
__attribute__((used)) static void prove_start(char **stack) { start(stack + 1), leave(0); }
__asm__(".globl _start\n_start:\n\t" START);
#endif
