/* petals: a program built by datacc from labelled examples.
 *
 * Free for any use: BSD Zero Clause License (0BSD). THE SOFTWARE IS PROVIDED "AS IS", WITHOUT ANY WARRANTY.
 *
 * compile   cc -O2 -ffp-contract=off -march=x86-64-v3 (no libc needed)
 *           cc -std=c99 -DDATACC_PORTABLE (any C99 compiler, plain loops; last bits may differ)
 *           Sums of products are fused where the processor can; never compile with -ffast-math.
 * work      54 multiply-adds for every input
 * memory    128 bytes of scratch, 264 bytes of weights
 * graph     63ddb0540dd6ea4aa21ae9b856345efc
 */
#include "petals.h"

/* ---- Arithmetic: eight or sixteen floats at a time, as GNU vectors or, under -DDATACC_PORTABLE, as plain C99. ---- */

#ifndef DATACC_PORTABLE
#define INLINE static inline __attribute__((always_inline))
#define STEP static __attribute__((noinline))
#define EXPORT __attribute__((visibility("default")))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#pragma GCC diagnostic ignored "-Wpsabi" /* no vector crosses a call: all that take one are inlined */
#endif
#else
#define INLINE static inline
#define STEP static
#define EXPORT
#define UNROLL
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
#endif

/* How a dense layer walks through its input. All distances are in floats. */
typedef struct {
    int rows, row, pixels, pixel, run;  /* so many rows of so many pixels of so many adjacent inputs */
    int relu;
} dense_walk;

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
    UNROLL for (int v = 0; v < vectors; v++) {
        lanes total = sum[v];
        UNROLL for (int c = 1; c < chains; c++) total = lanes_add(total, sum[c * vectors + v]);
        if (residual) total = lanes_add(total, lanes_load(residual + 8 * v));
        if (walk->relu) total = lanes_larger(lanes_all(0), total);
        lanes_store(out + 8 * v, total);
    }
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

/* e to the x for -87 <= x <= 0: 2^n times the series of e^r up to r^7, |r| <= ln 2 / 2; relative error below 2e-7. */
INLINE float kernel_exp(float x)
{
    union { int32_t bits; float value; } power; /* 2^n */
    const int32_t n = (int32_t)(x * 1.44269504f - 0.5f);
    const float r = (x - (float)n * 0.693359375f) + (float)n * 2.12194440e-4f;
    power.bits = (n + 127) << 23;
    return power.value * (1 + r * (1 + r * (1.0f / 2 + r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 +
                          r * (1.0f / 720 + r * (1.0f / 5040))))))));
}

/* Exponentials that sum to one; those below e^-87 of the largest count as that. */
INLINE void kernel_softmax(const float *restrict in, int count, float *restrict out)
{
    const float largest = kernel_largest(in, count);
    float sum = 0;
    for (int i = 0; i < count; i++) out[i] = in[i] - largest > -87.0f ? in[i] - largest : -87.0f;
    for (int i = 0; i < count; i++) out[i] = kernel_exp(out[i]);
    for (int i = 0; i < count; i++) sum += out[i];
    for (int i = 0; i < count; i++) out[i] /= sum;
}

/* The position of the first largest element. */
INLINE void kernel_argmax(const float *in, int count, int32_t *out)
{
    float largest = in[0];
    int32_t first = 0;
    for (int32_t i = 1; i < count; i++) {
        const int32_t is_larger = -(int32_t)(in[i] > largest); /* all bits, or none */
        first = (i & is_larger) | (first & ~is_larger);
        largest = in[i] > largest ? in[i] : largest;
    }
    out[0] = first;
}

/* ---- Steps, one for each layer. Their weights stand at the end of the file. ---- */

static const float step1_scale1[8];
static const float step1_offset1[8];
static const float step2_weight[32];
static const float step2_bias[8];
static const float step3_weight[64];
static const float step3_bias[8];

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

/* softmax: softmax, 2 to 2; 2 multiply-adds */
STEP void step4_softmax(const float *in, float *out)
{
    kernel_softmax(in, 2, out);
}

/* argmax: argmax, 2 to 1 */
STEP void step5_argmax(const float *in, int32_t *out)
{
    kernel_argmax(in, 2, out);
}

/* maximum: maximum, 2 to 1 */
STEP void step6_maximum(const float *in, float *out)
{
    kernel_maximum(in, 2, out);
}

/* ---- The program: inputs and answers lie in the caller's structs, everything between in the scratch. ---- */

EXPORT void petals(const petals_input *input, petals_answer *answer, petals_scratch *scratch)
{
    step1_standard(input->petals, scratch->floats + 16);
    step2_hidden(scratch->floats + 16, scratch->floats);
    step3_logits(scratch->floats, scratch->floats + 16);
    step4_softmax(scratch->floats + 16, answer->kind_scores);
    step5_argmax(scratch->floats + 16, &answer->kind);
    step6_maximum(answer->kind_scores, &answer->kind_confidence);
}

EXPORT void petals_batch(const petals_input *inputs, petals_answer *answers, size_t count, petals_scratch *scratch)
{
    for (size_t i = 0; i < count; i++) petals(inputs + i, answers + i, scratch);
}

EXPORT const size_t petals_scratch_bytes = sizeof(petals_scratch);
EXPORT const char *const petals_kind_names[2] = {
    "iris",
    "rose",
};

/* ---- Weights, in the order in which they are read. ---- */

static const float step1_scale1[8] = {
    0.18f, -0.19f, 0.91f, 0.15f, 0.0f, 0.0f, 0.0f, 0.0f
};

static const float step1_offset1[8] = {
    -0.76f, 0.51f, 1.84f, 1.34f, 0.0f, 0.0f, 0.0f, 0.0f
};

static const float step2_weight[32] = {
    -0.5f, -1.64f, -0.38f, -0.09f, 0.64f, -0.32f, -0.11f, -0.46f,
    -0.89f, -0.15f, -0.22f, 0.97f, 0.07f, 0.16f, 0.38f, -0.09f,
    -0.44f, -0.88f, 0.29f, -0.47f, -0.53f, -0.71f, 0.15f, 0.55f,
    0.03f, -0.52f, 0.74f, 0.25f, -0.65f, -0.15f, 0.25f, 1.06f
};

static const float step2_bias[8] = {
    -1.78f, 2.14f, 1.9f, 1.1f, 0.37f, -0.44f, 2.06f, 2.77f
};

static const float step3_weight[64] = {
    0.9f, 0.21f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.66f, 0.35f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.18f, -0.59f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.6f, -0.33f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.0f, -0.22f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.33f, -0.58f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.64f, 0.87f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.2f, -0.25f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f
};

static const float step3_bias[8] = {
    0.47f, -0.37f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f
};
