/* The system and valgrind, called by hand: what the harness needs in place of a libc. */
typedef unsigned long word;

#if defined(__x86_64__)
enum { SYS_SEEK = 8, SYS_WRITE = 1, SYS_OPEN = 257, SYS_MMAP = 9, SYS_MPROTECT = 10, SYS_SIGACTION = 13, SYS_PRCTL = 157,
       SYS_RUSAGE = 98, SYS_STACK = 131, SYS_EXIT = 231 };
static long call(long n, word a, word b, word c, word d, word e, word f)
{
    long result;
    register word r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
static void on_stack(char *top, const void *function, word a, word b, word c, word d, word e)
{
    register word fifth __asm__("r8") = e;
    __asm__ volatile("movq %%rsp, %%rbx\n\tmovq %[top], %%rsp\n\tcall *%[f]\n\tmovq %%rbx, %%rsp"
                     : "+D"(a), "+S"(b), "+d"(c), "+c"(d), "+r"(fifth) : [top] "r"(top), [f] "r"(function)
                     : "rbx", "rax", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}
static word request(word what, word a, word b)
{
    volatile word words[6] = {what, a, b, 0, 0, 0};
    word result;
    __asm__ volatile("rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\trolq $51, %%rdi\n\txchgq %%rbx, %%rbx"
                     : "=d"(result) : "a"(&words[0]), "0"(0) : "cc", "memory");
    return result;
}
#define START "xorl %ebp, %ebp\n\tmovq %rsp, %rdi\n\tandq $-16, %rsp\n\tcall prove_start\n"
#elif defined(__aarch64__)
enum { SYS_SEEK = 62, SYS_WRITE = 64, SYS_OPEN = 56, SYS_MMAP = 222, SYS_MPROTECT = 226, SYS_SIGACTION = 134,
       SYS_PRCTL = 167, SYS_RUSAGE = 165, SYS_STACK = 132, SYS_EXIT = 94 };
static long call(long n, word a, word b, word c, word d, word e, word f)
{
    register word x8 __asm__("x8") = (word)n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register word x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return (long)x0;
}
static void on_stack(char *top, const void *function, word a, word b, word c, word d, word e)
{
    register word x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x3 __asm__("x3") = d;
    register word x4 __asm__("x4") = e;
    register char *x20 __asm__("x20") = top;
    register const void *x21 __asm__("x21") = function;
    __asm__ volatile("mov x19, sp\n\tmov sp, x20\n\tblr x21\n\tmov sp, x19"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4) : "r"(x20), "r"(x21)
                     : "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x19", "x30",
                       "memory", "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12",
                       "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26",
                       "v27", "v28", "v29", "v30", "v31");
}
static word request(word what, word a, word b)
{
    volatile word words[6] = {what, a, b, 0, 0, 0};
    register word x3 __asm__("x3") = 0;
    register volatile word *x4 __asm__("x4") = words;
    __asm__ volatile("ror x12, x12, #3\n\tror x12, x12, #13\n\tror x12, x12, #51\n\tror x12, x12, #61\n\t"
                     "orr x10, x10, x10" : "+r"(x3) : "r"(x4) : "cc", "memory");
    return x3;
}
#define START "mov x29, #0\n\tmov x0, sp\n\tbl prove_start\n"
#else
#error "this processor is not known to the harness"
#endif

/* ---- valgrind's requests. ---- */

enum { MEMCHECK = 'M' << 24 | 'C' << 16, CALLGRIND = 'C' << 24 | 'T' << 16 };
static void mark_undefined(const void *at, word size) { request(MEMCHECK + 1, (word)at, size); }
static void mark_defined(const void *at, word size) { request(MEMCHECK + 2, (word)at, size); }
static void dump_counts(void) { request(CALLGRIND, 0, 0); }

/* ---- Words and bytes. ---- */

static void leave(word code)
{
    call(SYS_EXIT, code, 0, 0, 0, 0, 0);
    for (;;) {}
}

static word length(const char *text)
{
    word n = 0;
    while (text[n]) n++;
    return n;
}

static void say(const char *text, const long *numbers, int count)
{
    char line[200];
    word n = 0;
    for (; text[n]; n++) line[n] = text[n];
    for (int i = 0; i < count; i++) {
        char digits[24];
        int d = 0;
        word rest = numbers[i] < 0 ? -(word)numbers[i] : (word)numbers[i];
        do digits[d++] = (char)('0' + rest % 10); while (rest /= 10);
        line[n++] = ' ';
        if (numbers[i] < 0) line[n++] = '-';
        while (d) line[n++] = digits[--d];
    }
    line[n++] = '\n';
    call(SYS_WRITE, 1, (word)line, n, 0, 0, 0);
}
static void tell(const char *text, long number) { say(text, &number, 1); }

static word number_in(const char *text)
{
    word n = 0;
    while (*text >= '0' && *text <= '9') n = n * 10 + (word)(*text++ - '0');
    return n;
}

static void copy(char *to, const char *from, word size) { for (word i = 0; i < size; i++) to[i] = from[i]; }
static void fill(char *to, int byte, word size) { for (word i = 0; i < size; i++) to[i] = (char)byte; }
static long differing(const char *a, const char *b, word size)
{
    for (word i = 0; i < size; i++) if (a[i] != b[i]) return (long)i;
    return -1;
}
