/* The most multiply-adds that one core does: 24 independent chains of fused multiply-adds in registers. */
#include <stddef.h>

#ifdef __AVX512F__
enum { LANES = 16 };
#else
enum { LANES = 8 };
#endif
enum { CHAINS = LANES == 16 ? 24 : 12 };
typedef float vector __attribute__((vector_size(4 * LANES)));

/* `count` rounds of CHAINS vector multiply-adds; the result keeps the compiler from leaving them out. */
float chains(size_t count)
{
    vector sum[CHAINS] = {{0}}, a = {0}, b = {0};
    for (int i = 0; i < LANES; i++) a[i] = 0.999f, b[i] = 1e-3f;
    for (size_t n = 0; n < count; n++) {
#pragma clang loop unroll(full)
        for (int c = 0; c < CHAINS; c++) sum[c] = __builtin_elementwise_fma(sum[c], a, b);
        __asm__ volatile("" : "+x"(a), "+x"(b));
    }
    vector all = {0};
    for (int c = 0; c < CHAINS; c++) all += sum[c];
    return all[0];
}

/* Multiply-adds in one round. */
int per_round(void) { return CHAINS * LANES; }
