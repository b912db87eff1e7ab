/* NAME as a command: inputs on standard input, answers on standard output, no C library. Free for any use: 0BSD. */
#include "NAME.h"

#define ROWS 64 /* inputs that are read and answered at a time */

static NAME_input inputs[ROWS];
static NAME_answer answers[ROWS];
static NAME_scratch scratch;
KEPT
static char text[1 << 16];
static size_t used;

/* ---- The system: three calls, and how a program begins. ---- */

#ifdef _WIN32
/* kernel32 is the stable interface of Windows: numbers of its system calls change from version to version. */
typedef void *handle;
__declspec(dllimport) handle GetStdHandle(uint32_t which);
__declspec(dllimport) int ReadFile(handle from, void *to, uint32_t count, uint32_t *done, void *overlapped);
__declspec(dllimport) int WriteFile(handle to, const void *from, uint32_t count, uint32_t *done, void *overlapped);
__declspec(dllimport) char *GetCommandLineA(void);
__declspec(dllimport) void ExitProcess(uint32_t code);
int _fltused = 0; /* the mark of a program that uses floating point */

static ptrdiff_t system_read(void *to, size_t count)
{
    uint32_t done = 0;
    ReadFile(GetStdHandle((uint32_t)-10), to, (uint32_t)count, &done, NULL);
    return (ptrdiff_t)done; /* the end of a pipe is an error there, with nothing read */
}

static ptrdiff_t system_write(int to, const void *from, size_t count)
{
    uint32_t done = 0;
    return WriteFile(GetStdHandle(to == 1 ? (uint32_t)-11 : (uint32_t)-12), from, (uint32_t)count, &done, NULL) ? (ptrdiff_t)done : -1;
}

static void leave(int code)
{
    ExitProcess((uint32_t)code);
}
#else
static long system_call(long number, long a, long b, long c)
{
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
#elif defined(__riscv)
    register long a7 __asm__("a7") = number, a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
#endif
}

#ifdef __x86_64__
enum { READ = 0, WRITE = 1, EXIT = 60 };
__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-64, %rsp\n call BEGIN\n");
#elif defined(__aarch64__)
enum { READ = 63, WRITE = 64, EXIT = 93 };
__asm__(".globl _start\n_start:\n mov x29, xzr\n mov x0, sp\n bl BEGIN\n");
#else
enum { READ = 63, WRITE = 64, EXIT = 93 };
__asm__(".globl _start\n_start:\n mv a0, sp\n call BEGIN\n");
#endif

static ptrdiff_t system_read(void *to, size_t count)
{
    return system_call(READ, 0, (long)to, (long)count);
}

static ptrdiff_t system_write(int to, const void *from, size_t count)
{
    return system_call(WRITE, to, (long)from, (long)count);
}

static void leave(int code)
{
    for (;;) system_call(EXIT, code, 0, 0);
}
#endif

/* ---- Output: collected, then written. ---- */

static void flush(int to)
{
    for (size_t done = 0; done < used;) {
        const ptrdiff_t now = system_write(to, text + done, used - done);
        if (now <= 0) leave(1); /* nobody reads any more */
        done += (size_t)now;
    }
    used = 0;
}

static void put(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (used == sizeof text) flush(1);
        text[used++] = bytes[i];
    }
}

static size_t length(const char *s)
{
    size_t n = 0;
    while (s[n]) n++;
    return n;
}

static void say(const char *s)
{
    put(s, length(s));
}

static void fail(const char *what)
{
    used = 0;
    say("error: ");
    say(what);
    flush(2);
    leave(2);
}

/* Reads until at least one input is there behind the `done` bytes that are, or until the end; all bytes that are there. */
static size_t fill(size_t done)
{
    while (done < sizeof *inputs) {
        const ptrdiff_t now = system_read((char *)inputs + done, sizeof inputs - done);
        if (now < 0) fail("standard input cannot be read\n");
        if (now == 0) break;
        done += (size_t)now;
    }
    return done;
}

ANSWERS
static int same(const char *a, const char *b)
{
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

WIDTHS
static void run(int count, const char *const *words)
{
    int json = 0, scores = 0, raw = 0;
    if (count == 1 && same(words[0], "--help")) {
        say(HELP);
        flush(1);
        leave(0);
    }
    for (int i = 0; i < count; i++) {
        CHOOSE
        if (json || scores || raw) fail("unknown arguments\n  try: --help\n");
        json = !RAW && same(words[i], "--json");
        scores = !RAW && same(words[i], "--scores");
        raw = same(words[i], "--raw");
        if (!(json || scores || raw)) fail("unknown arguments\n  try: --help\n");
    }
    raw = raw || RAW;
    if (!NAME_runs_here()) fail("this program was built for a newer processor\n");
    size_t bytes = 0;
    while ((bytes = fill(bytes)) >= sizeof *inputs) { /* what is there is answered at once, for whoever waits for it */
        const size_t rows = bytes / sizeof *inputs, rest = bytes % sizeof *inputs;
        CALL(inputs, answers, rows STATES, &scratch);
        if (raw) put((const char *)answers, rows * sizeof *answers);
        else for (size_t i = 0; i < rows; i++) answer(&answers[i], scores, json);
        flush(1);
        for (size_t i = 0; i < rest; i++) ((char *)inputs)[i] = ((const char *)(inputs + rows))[i];
        bytes = rest;
    }
    if (bytes) fail("the input ends within a row\n  try: --help tells how long a row is\n");
    leave(0);
}

#ifdef _WIN32
/* The arguments after the program's name, which may stand in quotation marks; as many as there could be, and one more. */
#ifdef __x86_64__
__attribute__((force_align_arg_pointer)) /* the program trusts that the stack is aligned for vectors */
#endif
void BEGIN(void)
{
    enum { MOST = 5 };
    static char letters[MOST][32];
    const char *words[MOST];
    const char *s = GetCommandLineA();
    const char end = *s == '"' ? '"' : ' ';
    int count = 0;
    if (*s == '"') s++;
    while (*s && *s != end) s++;
    if (*s) s++;
    for (;;) {
        while (*s == ' ') s++;
        if (!*s || count == MOST) break;
        for (size_t n = 0; *s && *s != ' '; s++)
            if (n + 1 < sizeof *letters) letters[count][n++] = *s;
        words[count] = letters[count];
        count++;
    }
    run(count, words);
}
#else
/* `stack` holds the number of arguments, then their addresses, the program's name first. */
void BEGIN(const long *stack)
{
    run((int)stack[0] - 1, (const char *const *)stack + 2);
}
#endif
