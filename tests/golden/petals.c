/* petals: a program built by datacc.
 *
 * Free for any use: BSD Zero Clause License (0BSD). THE SOFTWARE IS PROVIDED "AS IS", WITHOUT ANY WARRANTY.
 *
 * compile   cc -O2 -ffp-contract=off -march=x86-64-v3 (no libc needed)
 *           clang also -mstack-alignment=32, for this file alone: what registers cannot hold lies in one cache line
 *           cc -std=c99 -DDATACC_PORTABLE (any C99 compiler, plain loops; last bits may differ)
 *           Sums of products are fused where the processor can; never compile with -ffast-math.
 * work      79 multiply-adds for every input
 * memory    192 bytes of scratch, 284 bytes of weights
 * graph     88fcd2632e941241f7ab0e2a3bc8ad06
 */
#include "petals.h"

/* ---- Arithmetic: eight or sixteen floats at a time, as GNU vectors or, under -DDATACC_PORTABLE, as plain C99. ---- */

#ifndef DATACC_PORTABLE
#define INLINE static inline __attribute__((always_inline))
#define STEP static __attribute__((noinline))
#define EXPORT __attribute__((visibility("default")))
#ifdef __x86_64__
#define ENTRY EXPORT __attribute__((force_align_arg_pointer)) /* of the stack, for vectors of all that it calls */
#else
#define ENTRY EXPORT
#endif
#define WEIGHTS static const __attribute__((aligned(64))) /* a vector that lies in two cache lines is read twice */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED _Pragma("clang loop unroll(disable)") /* else inputs are kept for the next round, on the stack */
#else
#define UNROLL _Pragma("GCC unroll 32")
#define ROLLED _Pragma("GCC unroll 1")
#pragma GCC diagnostic ignored "-Wpsabi" /* no vector crosses a call: all that take one are inlined */
#endif
#else
#define INLINE static inline
#define STEP static
#define EXPORT
#define ENTRY
#define WEIGHTS static const
#define UNROLL
#define ROLLED
#endif

#ifndef DATACC_PORTABLE
typedef float lanes __attribute__((vector_size(32)));
typedef float lanes_anywhere __attribute__((vector_size(32), aligned(4)));
INLINE lanes lanes_load(const float *from) { return *(const lanes_anywhere *)from; }
INLINE void lanes_store(float *to, lanes x) { *(lanes_anywhere *)to = x; }
INLINE lanes lanes_all(float x) { return (lanes){x, x, x, x, x, x, x, x}; }
INLINE lanes lanes_add(lanes a, lanes b) { return a + b; }
INLINE lanes lanes_multiply(lanes a, lanes b) { return a * b; }
#if defined(__clang__) && (defined(__FMA__) || defined(__aarch64__))
#define lanes_multiply_add(sum, a, b) __builtin_elementwise_fma(a, b, sum)
#elif defined(__FMA__)
#define lanes_multiply_add(sum, a, b) __builtin_ia32_vfmaddps256(a, b, sum)
#else
#define lanes_multiply_add(sum, a, b) ((sum) + (a) * (b))
#endif
INLINE lanes lanes_larger(lanes a, lanes b)
{
    typedef int32_t bits __attribute__((vector_size(32)));
    const bits is_larger = a > b; /* all bits of a lane, or none */
    return (lanes)((is_larger & (bits)a) | (~is_larger & (bits)b));
}
typedef uint32_t lanes_whole __attribute__((vector_size(32)));
INLINE lanes lanes_divide(lanes a, lanes b) { return a / b; }
INLINE lanes_whole lanes_less(lanes a, lanes b) { return (lanes_whole)(a < b); }
INLINE lanes_whole lanes_bits(lanes x) { return (lanes_whole)x; }
INLINE lanes lanes_of_bits(lanes_whole n) { return (lanes)n; }
INLINE lanes lanes_choose(lanes_whole which, lanes a, lanes b)
{
    return (lanes)((which & (lanes_whole)a) | (~which & (lanes_whole)b));
}
INLINE lanes lanes_load_some(const float *from, int count)
{
    lanes x = lanes_all(0);
    UNROLL for (int i = 0; i < count; i++) x[i] = from[i];
    return x;
}
INLINE void lanes_store_some(float *to, lanes x, int count)
{
    UNROLL for (int i = 0; i < count; i++) to[i] = x[i];
}
/* The nearest number between two; what is no number stays that. */
INLINE lanes lanes_clip(lanes x, lanes low, lanes high)
{
    const lanes above = lanes_choose(lanes_less(x, low), low, x);
    return lanes_choose(lanes_less(high, above), high, above);
}
/* e to the x / 2^n, a polynomial of what n ln 2 leaves of x, at most ln 2 / 2; relative error below 1e-7. */
INLINE lanes lanes_exp_rest(lanes x, lanes n)
{
    const lanes r = x - n * 0.693359375f + n * 2.12194440e-4f;
    const lanes p = ((((1.9875691500e-4f * r + 1.3981999507e-3f) * r + 8.3334519073e-3f) * r + 4.1665795894e-2f) * r
                     + 1.6666665459e-1f) * r + 5.0000001201e-1f;
    return p * r * r + r + 1.0f;
}
/* e to the x: 2^n times the rest. */
INLINE lanes lanes_exp(lanes x)
{
    const lanes within = lanes_clip(x, lanes_all(-104), lanes_all(89));
    const lanes shifted = within * 1.44269504f + 12582912.0f; /* 1.5 * 2^23: nothing behind the point stays */
    const lanes_whole power = lanes_bits(shifted) - (0x4B400000u - 254); /* n + 254, in two steps: 2^n may overflow */
    const lanes_whole half = power >> 1, rest = power - half;
    return lanes_exp_rest(within, shifted - 12582912.0f) * lanes_of_bits(half << 23) * lanes_of_bits(rest << 23);
}
#else
typedef struct { float at[8]; } lanes;
INLINE lanes lanes_load(const float *from)
{
    lanes x;
    for (int i = 0; i < 8; i++) x.at[i] = from[i];
    return x;
}
INLINE void lanes_store(float *to, lanes x)
{
    for (int i = 0; i < 8; i++) to[i] = x.at[i];
}
INLINE lanes lanes_all(float x)
{
    lanes all;
    for (int i = 0; i < 8; i++) all.at[i] = x;
    return all;
}
INLINE lanes lanes_add(lanes a, lanes b)
{
    for (int i = 0; i < 8; i++) a.at[i] += b.at[i];
    return a;
}
INLINE lanes lanes_multiply(lanes a, lanes b)
{
    for (int i = 0; i < 8; i++) a.at[i] *= b.at[i];
    return a;
}
INLINE lanes lanes_multiply_add(lanes sum, lanes a, lanes b)
{
    for (int i = 0; i < 8; i++) sum.at[i] += a.at[i] * b.at[i];
    return sum;
}
INLINE lanes lanes_larger(lanes a, lanes b)
{
    for (int i = 0; i < 8; i++) a.at[i] = a.at[i] > b.at[i] ? a.at[i] : b.at[i];
    return a;
}
typedef uint32_t lane_whole;
INLINE lanes lanes_divide(lanes a, lanes b)
{
    for (int i = 0; i < 8; i++) a.at[i] /= b.at[i];
    return a;
}
INLINE lane_whole lane_less(float a, float b) { return -(lane_whole)(a < b); }
INLINE lane_whole lane_bits(float x)
{
    union { float x; lane_whole bits; } both;
    both.x = x;
    return both.bits;
}
INLINE float lane_of_bits(lane_whole n)
{
    union { float x; lane_whole bits; } both;
    both.bits = n;
    return both.x;
}
INLINE float lane_choose(lane_whole which, float a, float b)
{
    return lane_of_bits((which & lane_bits(a)) | (~which & lane_bits(b)));
}
INLINE lanes lanes_load_some(const float *from, int count)
{
    lanes x = lanes_all(0);
    for (int i = 0; i < count; i++) x.at[i] = from[i];
    return x;
}
INLINE void lanes_store_some(float *to, lanes x, int count)
{
    for (int i = 0; i < count; i++) to[i] = x.at[i];
}
/* The nearest number between two; what is no number stays that. */
INLINE float lane_clip(float x, float low, float high)
{
    const float above = lane_choose(lane_less(x, low), low, x);
    return lane_choose(lane_less(high, above), high, above);
}
/* e to the x / 2^n, a polynomial of what n ln 2 leaves of x, at most ln 2 / 2; relative error below 1e-7. */
INLINE float lane_exp_rest(float x, float n)
{
    const float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    const float p = ((((1.9875691500e-4f * r + 1.3981999507e-3f) * r + 8.3334519073e-3f) * r + 4.1665795894e-2f) * r
                     + 1.6666665459e-1f) * r + 5.0000001201e-1f;
    return p * r * r + r + 1.0f;
}
/* e to the x: 2^n times the rest. */
INLINE float lane_exp(float x)
{
    const float within = lane_clip(x, -104, 89);
    const float shifted = within * 1.44269504f + 12582912.0f; /* 1.5 * 2^23: nothing behind the point stays */
    const lane_whole power = lane_bits(shifted) - (0x4B400000u - 254); /* n + 254, in two steps: 2^n may overflow */
    const lane_whole half = power >> 1, rest = power - half;
    return lane_exp_rest(within, shifted - 12582912.0f) * lane_of_bits(half << 23) * lane_of_bits(rest << 23);
}
INLINE lanes lanes_exp(lanes x)
{
    for (int i = 0; i < 8; i++) x.at[i] = lane_exp(x.at[i]);
    return x;
}
#endif

/* How a dense layer walks through its input. All distances are in floats. */
typedef struct {
    int rows, row, pixels, pixel, run;  /* so many rows of so many pixels of so many adjacent inputs */
    int relu;
} dense_walk;

/* Adds the residual, applies the threshold, and writes one vector. */
INLINE void dense_finish(int relu, lanes sum, const float *residual, float *out)
{
    if (residual) sum = lanes_add(sum, lanes_load(residual));
    if (relu) sum = lanes_larger(lanes_all(0), sum);
    lanes_store(out, sum);
}

/* 8 * vectors outputs, each the sum of `chains` partial sums. */
INLINE void kernel_dense(const dense_walk *walk, int vectors, int chains, const float *in, const float *weight,
                         const float *bias, const float *residual, float *out)
{
    lanes sum[16];
    UNROLL for (int c = 0; c < chains; c++)
        UNROLL for (int v = 0; v < vectors; v++) sum[c * vectors + v] = c ? lanes_all(0) : lanes_load(bias + 8 * v);
    for (int y = 0; y < walk->rows; y++)
        for (int x = 0; x < walk->pixels; x++) {
            const float *from = in + y * walk->row + x * walk->pixel;
            int k = 0;
            for (; k + chains <= walk->run; k += chains, weight += 8 * chains * vectors)
                UNROLL for (int c = 0; c < chains; c++)
                    UNROLL for (int v = 0; v < vectors; v++)
                        sum[c * vectors + v] = lanes_multiply_add(sum[c * vectors + v], lanes_all(from[k + c]),
                                                       lanes_load(weight + 8 * (c * vectors + v)));
            for (; k < walk->run; k++, weight += 8 * vectors)
                UNROLL for (int v = 0; v < vectors; v++)
                    sum[v] = lanes_multiply_add(sum[v], lanes_all(from[k]), lanes_load(weight + 8 * v));
        }
    UNROLL for (int n = chains * vectors / 2; n >= vectors; n /= 2) /* chains are 1, 2, 4 or 8 */
        UNROLL for (int i = 0; i < n; i++) sum[i] = lanes_add(sum[i], sum[n + i]);
    UNROLL for (int v = 0; v < vectors; v++)
        dense_finish(walk->relu, sum[v], residual ? residual + 8 * v : NULL, out + 8 * v);
}

/* The largest of `count` numbers. */
INLINE float kernel_largest(const float *in, int count)
{
    float largest = in[0];
    for (int i = 1; i < count; i++) largest = in[i] > largest ? in[i] : largest;
    return largest;
}

INLINE void kernel_maximum(const float *in, int count, float *out)
{
    out[0] = kernel_largest(in, count);
}

/* The position of the first largest element. */
INLINE void kernel_argmax(const float *in, int count, int32_t *out)
{
    float largest = in[0];
    int32_t first = 0;
    for (int32_t i = 1; i < count; i++) {
        const volatile int32_t is_larger = -(int32_t)(in[i] > largest); /* all bits, or none; volatile: no branch */
        first = (i & is_larger) | (first & ~is_larger);
        largest = in[i] > largest ? in[i] : largest;
    }
    out[0] = first;
}

/* The sum of `count` floats, in their order; zeros in the rest of the pixel. */
INLINE void kernel_total(const float *in, int count, float *out, int pixel)
{
    float sum = in[0];
    for (int i = 1; i < count; i++) sum += in[i];
    out[0] = sum + 0.0f; /* never -0 */
    for (int i = 1; i < pixel; i++) out[i] = 0;
}

/* ---- Steps, one for each layer. Their weights stand at the end of the file. ---- */

WEIGHTS float step1_scale1[8];
WEIGHTS float step1_offset1[8];
WEIGHTS float step2_weight[32];
WEIGHTS float step2_bias[8];
WEIGHTS float step3_weight[64];
WEIGHTS float step3_bias[8];

/* standard: affine, 4 to 4; 4 multiply-adds */
STEP void step1_standard(const float *in, float *out)
{
    const lanes v1 = lanes_load_some(in, 4);
    const lanes v2 = lanes_add(lanes_multiply(v1, lanes_load(step1_scale1)), lanes_load(step1_offset1));
    lanes_store_some(out, v2, 4);
}

/* hidden + hidden.relu: dense + relu, 4 to 8; 32 multiply-adds */
STEP void step2_hidden(const float *in, float *out)
{
    static const dense_walk walk = {.rows = 1, .pixels = 1, .run = 4, .relu = 1};
    kernel_dense(&walk, 1, 8, in, step2_weight, step2_bias, NULL, out);
}

/* logits: dense, 8 to 2; 16 multiply-adds */
STEP void step3_logits(const float *in, float *out)
{
    static const dense_walk walk = {.rows = 1, .pixels = 1, .run = 8};
    kernel_dense(&walk, 1, 8, in, step3_weight, step3_bias, NULL, out);
}

/* softmax.largest: maximum, 2 to 1 */
STEP void step4_softmax_largest(const float *in, float *out)
{
    kernel_maximum(in, 2, out);
}

/* softmax.less + softmax.centred + softmax.exp: affine, add, exp, 1, 2 to 2; 23 multiply-adds */
STEP void step5_softmax_less(const float *in1, const float *in2, float *out)
{
    const lanes v1 = lanes_all(*(in1));
    const lanes v2 = lanes_load(in2);
    const lanes v3 = lanes_multiply(v1, lanes_all(-1.0f));
    const lanes v4 = lanes_add(v2, v3);
    const lanes v5 = lanes_exp(v4);
    lanes_store_some(out, v5, 2);
}

/* softmax.sum: dense, 2 to 1; 2 multiply-adds */
STEP void step6_softmax_sum(const float *in, float *out)
{
    kernel_total(in, 2, out, 8);
}

/* softmax: divide, 2, 1 to 2; 2 multiply-adds */
STEP void step7_softmax(const float *in1, const float *in2, float *out)
{
    const lanes v1 = lanes_load_some(in1, 2);
    const lanes v2 = lanes_all(*(in2));
    const lanes v3 = lanes_divide(v1, v2);
    lanes_store_some(out, v3, 2);
}

/* argmax: argmax, 2 to 1 */
STEP void step8_argmax(const float *in, int32_t *out)
{
    kernel_argmax(in, 2, out);
}

/* maximum: maximum, 2 to 1 */
STEP void step9_maximum(const float *in, float *out)
{
    kernel_maximum(in, 2, out);
}

/* ---- The program: inputs and answers lie in the caller's structs, everything between in the scratch. ---- */

ENTRY void petals(const petals_input *input, petals_answer *answer, petals_scratch *scratch)
{
    step1_standard(input->petals, scratch->floats + 16);
    step2_hidden(scratch->floats + 16, scratch->floats);
    step3_logits(scratch->floats, scratch->floats + 16);
    step4_softmax_largest(scratch->floats + 16, scratch->floats + 32);
    step5_softmax_less(scratch->floats + 32, scratch->floats + 16, scratch->floats);
    step6_softmax_sum(scratch->floats, scratch->floats + 32);
    step7_softmax(scratch->floats, scratch->floats + 32, answer->kind_scores);
    step8_argmax(scratch->floats + 16, &answer->kind);
    step9_maximum(answer->kind_scores, &answer->kind_confidence);
}

ENTRY void petals_batch(const petals_input *inputs, petals_answer *answers, size_t count, petals_scratch *scratch)
{
    for (size_t i = 0; i < count; i++) petals(inputs + i, answers + i, scratch);
}

#if defined(__x86_64__) && !defined(DATACC_PORTABLE)
__attribute__((target("arch=x86-64"))) /* this function itself must run everywhere */
EXPORT int petals_runs_here(void)
{
    uint32_t a, b, c, d;
    a = 0x1u, c = 0;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if ((c & 0x38d83201u) != 0x38d83201u) return 0; /* pni ssse3 fma cx16 sse4_1 sse4_2 movbe popcnt xsave avx f16c */
    a = 0x7u, c = 0;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if ((b & 0x128u) != 0x128u) return 0; /* bmi1 avx2 bmi2 */
    a = 0x80000001u, c = 0;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if ((c & 0x21u) != 0x21u) return 0; /* lahf_lm abm */
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0)); /* the registers that the system saves */
    if ((a & 0x6u) != 0x6u) return 0;
    return 1;
}
#else
EXPORT int petals_runs_here(void)
{
    return 1;
}
#endif

EXPORT const size_t petals_scratch_bytes = sizeof(petals_scratch);
EXPORT const char *const petals_kind_names[2] = {
    "iris",
    "rose",
};

/* ---- Weights, in the order in which they are read. ---- */

WEIGHTS float step1_scale1[8] = {
    0.18f, -0.19f, 0.91f, 0.15f, 0.0f, 0.0f, 0.0f, 0.0f
};

WEIGHTS float step1_offset1[8] = {
    -0.76f, 0.51f, 1.84f, 1.34f, 0.0f, 0.0f, 0.0f, 0.0f
};

WEIGHTS float step2_weight[32] = {
    -0.5f, -1.64f, -0.38f, -0.09f, 0.64f, -0.32f, -0.11f, -0.46f,
    -0.89f, -0.15f, -0.22f, 0.97f, 0.07f, 0.16f, 0.38f, -0.09f,
    -0.44f, -0.88f, 0.29f, -0.47f, -0.53f, -0.71f, 0.15f, 0.55f,
    0.03f, -0.52f, 0.74f, 0.25f, -0.65f, -0.15f, 0.25f, 1.06f
};

WEIGHTS float step2_bias[8] = {
    -1.78f, 2.14f, 1.9f, 1.1f, 0.37f, -0.44f, 2.06f, 2.77f
};

WEIGHTS float step3_weight[64] = {
    0.9f, 0.21f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.66f, 0.35f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.18f, -0.59f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.6f, -0.33f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.0f, -0.22f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.33f, -0.58f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.64f, 0.87f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.2f, -0.25f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f
};

WEIGHTS float step3_bias[8] = {
    0.47f, -0.37f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f
};
