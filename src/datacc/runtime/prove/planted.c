/* The program with planted faults; `planted_choice` says which one it commits, 0 none. */
#include "planted.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int planted_choice __asm__("prove.choice");
void *malloc(size_t size);
static const float table[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static volatile char pages[64 << 20];
static size_t page;

static __attribute__((noinline)) float deep(float x)
{
    volatile float much[4096];
    for (int i = 0; i < 4096; i++) much[i] = x;
    return much[17];
}

static void ask_the_system(void)
{
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(39) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = 172, x0 __asm__("x0") = 0;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8) : "memory");
#endif
}

EXPORT void planted(const planted_input *input, planted_answer *answer, planted_scratch *scratch)
{
    volatile const float *const in = input->in;
    volatile float *const work = scratch->floats;
    volatile int32_t most = INT32_MAX - (planted_choice != 11);
    for (int i = 0; i < 16; i++) answer->out[i] = in[i] * table[i] + 1;
    switch (planted_choice) {
    case 1: if (in[3] > 0) answer->out[0] += in[4] * work[0] * 0; break;
    case 2: answer->out[0] = table[(int32_t)in[3] & 15]; break;
    case 3: *(volatile char *)malloc(8) = 1; break;
    case 4: work[64] = 1; break;
    case 5: answer->out[0] = deep(in[0]); break;
    case 6: ask_the_system(); break;
    case 7: answer->out[0] = work[5]; break;
    case 8: pages[page++ % 16000 * 4096] = 1; break;
    case 9: ((volatile float *)answer->out)[-1] = 1; break;
    case 10: answer->out[0] = ((volatile const float *)table)[planted_choice + 6]; break;
    default: break;
    }
    most++;
}

EXPORT void planted_batch(const planted_input *inputs, planted_answer *answers, size_t count, planted_scratch *scratch)
{
    for (size_t i = 0; i < count; i++) planted(inputs + i, answers + i, scratch);
}
