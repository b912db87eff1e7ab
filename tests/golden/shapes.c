/* shapes: a program built by datacc.
 *
 * Free for any use: BSD Zero Clause License (0BSD). THE SOFTWARE IS PROVIDED "AS IS", WITHOUT ANY WARRANTY.
 *
 * compile   cc -O2 -ffp-contract=off -march=x86-64-v3 (no libc needed)
 *           clang also -mstack-alignment=32, for this file alone: what registers cannot hold lies in one cache line
 *           cc -std=c99 -DDATACC_PORTABLE (any C99 compiler, plain loops; last bits may differ)
 *           Sums of products are fused where the processor can; never compile with -ffast-math.
 * work      5,096 multiply-adds for every input
 * memory    2,560 bytes of scratch, 1,900 bytes of weights
 * graph     1fd1217506c82f6d484942cb808929bd
 */
#include "shapes.h"

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
INLINE lanes lanes_smaller(lanes a, lanes b)
{
    typedef int32_t bits __attribute__((vector_size(32)));
    const bits is_smaller = a < b;
    return (lanes)((is_smaller & (bits)a) | (~is_smaller & (bits)b));
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
INLINE lanes lanes_from_uint8(const uint8_t *from)
{
    typedef uint8_t eight __attribute__((vector_size(8), aligned(1)));
    return __builtin_convertvector(*(const eight *)from, lanes);
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
INLINE lanes lanes_smaller(lanes a, lanes b)
{
    for (int i = 0; i < 8; i++) a.at[i] = a.at[i] < b.at[i] ? a.at[i] : b.at[i];
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
INLINE lanes lanes_from_uint8(const uint8_t *from)
{
    lanes x = lanes_all(0);
    for (int i = 0; i < 8; i++) x.at[i] = (float)from[i];
    return x;
}
#endif

INLINE void kernel_zero(float *out, int count)
{
    for (int i = 0; i < count; i++) out[i] = 0;
}

/* Zeros around rows of `run` floats: `before` the first, in the `gap` between two, `after` the last. */
INLINE void kernel_frame(float *out, int before, int rows, int run, int gap, int after)
{
    kernel_zero(out, before);
    for (int y = 1; y < rows; y++) kernel_zero(out + before + y * (run + gap) - gap, gap);
    kernel_zero(out + before + rows * (run + gap) - gap, after);
}

/* How a convolution walks through its input and output. All distances are in floats. */
typedef struct {
    int taps, tap_row;         /* rows of the window, and from one to the next */
    int ring, first;           /* if they lie in a ring: its rows, and with which one the window begins */
    int runs, run_step, run;   /* stretches of adjacent inputs in a row, from one to the next, inputs in each */
    int next_row, next_pixel;  /* from the window of one output pixel to that of the one below, beside */
    int out_row, out_pixel;
    int residual_row, residual_pixel;
    int relu;
    float most;  /* what goes through the threshold is at most this; 0: as it is */
} conv_walk;

/* From the first row in memory to that of a tap. */
INLINE int conv_row(const conv_walk *walk, int tap)
{
    return (walk->ring ? (walk->first + tap) % walk->ring : tap) * walk->tap_row;
}

/* Adds the residual, applies the threshold, and writes one vector. */
INLINE void conv_finish(int relu, float most, lanes sum, const float *residual, float *out)
{
    if (residual) sum = lanes_add(sum, lanes_load(residual));
    if (relu) sum = lanes_larger(lanes_all(0), sum);
    if (most > 0) sum = lanes_smaller(lanes_all(most), sum);
    lanes_store(out, sum);
}

/* rows x columns output pixels of 8 * vectors channels; their sums stay in registers. */
INLINE void kernel_conv(const conv_walk *walk, int rows, int columns, int vectors, const float *in,
                        const float *weight, const float *bias, const float *residual, float *out)
{
    lanes sum[24];
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++)
            sum[p * vectors + v] = bias ? lanes_load(bias + 8 * v) : lanes_all(0);
    for (int tap = 0; tap < walk->taps; tap++)
        for (int run = 0; run < walk->runs; run++) {
            const float *from = in + conv_row(walk, tap) + run * walk->run_step;
            ROLLED for (int k = 0; k < walk->run; k++, weight += 8 * vectors)
                UNROLL for (int p = 0; p < rows * columns; p++) {
                    const lanes x = lanes_all(from[p / columns * walk->next_row + p % columns * walk->next_pixel + k]);
                    UNROLL for (int v = 0; v < vectors; v++)
                        sum[p * vectors + v] = lanes_multiply_add(sum[p * vectors + v], x, lanes_load(weight + 8 * v));
                }
        }
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++) {
            const int to = p / columns * walk->out_row + p % columns * walk->out_pixel + 8 * v;
            const int with = p / columns * walk->residual_row + p % columns * walk->residual_pixel + 8 * v;
            conv_finish(walk->relu, walk->most, sum[p * vectors + v], residual ? residual + with : NULL, out + to);
        }
}

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

/* How a pool walks: an output of rows x columns x pixel floats, windows of down x across input pixels. */
typedef struct {
    int rows, columns, pixel;
    int down, across, in_row;
    int next_row, next_column, out_row;  /* from one window, one output row, to the next */
} pool_walk;

INLINE void kernel_maxpool(const pool_walk *walk, const float *in, float *out)
{
    for (int y = 0; y < walk->rows; y++)
        for (int x = 0; x < walk->columns; x++)
            for (int c = 0; c < walk->pixel; c += 8) {
                const float *from = in + y * walk->next_row + x * walk->next_column + c;
                lanes largest = lanes_load(from);
                for (int i = 0; i < walk->down; i++)
                    for (int j = 0; j < walk->across; j++)
                        largest = lanes_larger(largest, lanes_load(from + i * walk->in_row + j * walk->pixel));
                lanes_store(out + y * walk->out_row + x * walk->pixel + c, largest);
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

WEIGHTS float step2_weight[72];
WEIGHTS float step2_bias[8];
WEIGHTS float step4_weight[1024];
WEIGHTS float step4_bias[8];

/* float + scaled: cast, affine, 8 x 8 x 1 to 8 x 8 x 1; 64 multiply-adds */
STEP void step1_float_1(const uint8_t *in, float *out)
{
    kernel_frame(out, 11, 8, 8, 2, 11);
    for (int y = 0; y < 8; y++) {
        const lanes v1 = lanes_from_uint8(in + y * 8);
        const lanes v2 = lanes_add(lanes_multiply(v1, lanes_all(0.003921569f)), lanes_all(0.0f));
        lanes_store(out + 11 + y * 10, v2);
    }
}

/* conv + conv.relu: conv + relu, 8 x 8 x 1 to 8 x 8 x 8; 4,608 multiply-adds */
STEP void step2_conv(const float *in, float *out)
{
    static const conv_walk walk = {
        .taps = 3, .tap_row = 10, .runs = 1, .run = 3, .next_row = 10, .next_pixel = 1, .out_row = 64,
        .out_pixel = 8, .relu = 1
    };
    for (int y = 0; y < 6; y += 3)
        for (int x = 0; x < 8; x += 4)
            kernel_conv(&walk, 3, 4, 1, in + y * 10 + x, step2_weight, step2_bias, NULL, out + y * 64 + x * 8);
    for (int x = 0; x < 8; x += 4)
        kernel_conv(&walk, 2, 4, 1, in + 60 + x, step2_weight, step2_bias, NULL, out + 384 + x * 8);
}

/* pool: maxpool, 8 x 8 x 8 to 4 x 4 x 8 */
STEP void step3_pool(const float *in, float *out)
{
    static const pool_walk walk = {
        .rows = 4, .columns = 4, .pixel = 8, .down = 2, .across = 2, .in_row = 64, .next_row = 128,
        .next_column = 16, .out_row = 32
    };
    kernel_maxpool(&walk, in, out);
}

/* logits: dense, 4 x 4 x 8 to 3; 384 multiply-adds */
STEP void step4_logits(const float *in, float *out)
{
    static const dense_walk walk = {.rows = 1, .pixels = 1, .run = 128};
    kernel_dense(&walk, 1, 8, in, step4_weight, step4_bias, NULL, out);
}

/* softmax.largest: maximum, 3 to 1 */
STEP void step5_softmax_largest(const float *in, float *out)
{
    kernel_maximum(in, 3, out);
}

/* softmax.less + softmax.centred + softmax.exp: affine, add, exp, 1, 3 to 3; 34 multiply-adds */
STEP void step6_softmax_less(const float *in1, const float *in2, float *out)
{
    const lanes v1 = lanes_all(*(in1));
    const lanes v2 = lanes_load(in2);
    const lanes v3 = lanes_multiply(v1, lanes_all(-1.0f));
    const lanes v4 = lanes_add(v2, v3);
    const lanes v5 = lanes_exp(v4);
    lanes_store_some(out, v5, 3);
}

/* softmax.sum: dense, 3 to 1; 3 multiply-adds */
STEP void step7_softmax_sum(const float *in, float *out)
{
    kernel_total(in, 3, out, 8);
}

/* softmax: divide, 3, 1 to 3; 3 multiply-adds */
STEP void step8_softmax(const float *in1, const float *in2, float *out)
{
    const lanes v1 = lanes_load_some(in1, 3);
    const lanes v2 = lanes_all(*(in2));
    const lanes v3 = lanes_divide(v1, v2);
    lanes_store_some(out, v3, 3);
}

/* argmax: argmax, 3 to 1 */
STEP void step9_argmax(const float *in, int32_t *out)
{
    kernel_argmax(in, 3, out);
}

/* maximum: maximum, 3 to 1 */
STEP void step10_maximum(const float *in, float *out)
{
    kernel_maximum(in, 3, out);
}

/* ---- The program: inputs and answers lie in the caller's structs, everything between in the scratch. ---- */

ENTRY void shapes(const shapes_input *input, shapes_answer *answer, shapes_scratch *scratch)
{
    step1_float_1(input->picture, scratch->floats + 512);
    step2_conv(scratch->floats + 512, scratch->floats);
    step3_pool(scratch->floats, scratch->floats + 512);
    step4_logits(scratch->floats + 512, scratch->floats);
    step5_softmax_largest(scratch->floats, scratch->floats + 32);
    step6_softmax_less(scratch->floats + 32, scratch->floats, scratch->floats + 16);
    step7_softmax_sum(scratch->floats + 16, scratch->floats + 32);
    step8_softmax(scratch->floats + 16, scratch->floats + 32, answer->shape_scores);
    step9_argmax(scratch->floats, &answer->shape);
    step10_maximum(answer->shape_scores, &answer->shape_confidence);
}

ENTRY void shapes_batch(const shapes_input *inputs, shapes_answer *answers, size_t count, shapes_scratch *scratch)
{
    for (size_t i = 0; i < count; i++) shapes(inputs + i, answers + i, scratch);
}

#if defined(__x86_64__) && !defined(DATACC_PORTABLE)
__attribute__((target("arch=x86-64"))) /* this function itself must run everywhere */
EXPORT int shapes_runs_here(void)
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
EXPORT int shapes_runs_here(void)
{
    return 1;
}
#endif

EXPORT const size_t shapes_scratch_bytes = sizeof(shapes_scratch);
EXPORT const char *const shapes_shape_names[3] = {
    "circle",
    "square",
    "a \042star\042",
};

/* ---- Weights, in the order in which they are read. ---- */

WEIGHTS float step2_weight[72] = {
    0.06f, -0.6f, 0.19f, -0.43f, -0.31f, -0.15f, -0.61f, -0.23f,
    -0.06f, -0.29f, 0.49f, -0.22f, -0.06f, 0.69f, 0.19f, 0.16f,
    0.3f, 0.02f, -0.06f, 0.1f, 0.37f, 0.92f, 0.2f, -0.12f,
    0.05f, -1.1f, 0.64f, -0.48f, 0.7f, 0.85f, 0.33f, 0.75f,
    -0.25f, -0.1f, -0.31f, -0.1f, -0.59f, 0.62f, -0.56f, 0.62f,
    0.17f, -0.59f, 0.17f, -0.08f, 0.71f, 0.17f, -0.31f, 0.3f,
    0.61f, -0.35f, 0.43f, 0.25f, 0.63f, -0.57f, -0.21f, -1.04f,
    0.45f, -0.26f, 0.04f, 0.1f, 0.37f, -0.0f, -0.55f, 0.02f,
    -0.33f, -0.15f, -0.35f, 0.17f, 0.12f, 0.31f, 0.82f, 0.32f
};

WEIGHTS float step2_bias[8] = {
    1.42f, -0.87f, 2.58f, -1.87f, -0.94f, 1.32f, 0.07f, 2.83f
};

WEIGHTS float step4_weight[1024] = {
    0.02f, -0.06f, 0.04f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.08f, 0.17f, -0.13f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.05f, 0.02f, 0.15f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.14f, 0.29f, -0.21f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.16f, -0.1f, -0.13f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.08f, 0.07f, 0.03f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.07f, -0.02f, 0.18f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.16f, 0.07f, 0.03f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.09f, -0.0f, -0.03f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.21f, -0.07f, -0.18f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.04f, -0.11f, -0.02f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.2f, 0.38f, -0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.05f, -0.01f, 0.21f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.09f, -0.25f, 0.08f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.03f, -0.08f, -0.19f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.13f, 0.08f, 0.25f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.02f, -0.06f, -0.05f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.07f, 0.17f, -0.11f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.17f, 0.13f, 0.18f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.18f, -0.02f, -0.01f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.06f, -0.06f, -0.05f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.12f, -0.13f, 0.03f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.02f, -0.09f, 0.11f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.13f, -0.18f, 0.12f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.11f, 0.15f, -0.17f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.16f, 0.2f, 0.25f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.09f, -0.16f, 0.12f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.08f, -0.15f, -0.05f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.28f, -0.22f, -0.1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.05f, -0.12f, -0.12f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.07f, -0.39f, 0.02f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.01f, -0.14f, -0.08f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.01f, 0.16f, -0.1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.03f, -0.04f, 0.1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.09f, 0.11f, 0.05f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.09f, -0.06f, -0.05f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.18f, 0.22f, 0.09f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.09f, 0.02f, 0.17f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.11f, -0.05f, -0.14f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.15f, 0.32f, -0.08f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.1f, -0.04f, 0.12f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.11f, -0.15f, 0.09f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.01f, 0.03f, 0.03f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.18f, -0.0f, 0.15f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.02f, 0.13f, -0.14f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.1f, -0.12f, -0.18f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.18f, 0.1f, -0.11f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.03f, 0.11f, 0.02f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.07f, -0.08f, -0.1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.13f, 0.02f, -0.06f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.13f, -0.1f, -0.12f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.03f, 0.29f, -0.08f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.04f, -0.09f, -0.13f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.17f, -0.06f, 0.05f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.0f, -0.13f, 0.1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.13f, -0.04f, -0.06f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.18f, -0.0f, -0.03f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.14f, 0.1f, -0.07f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.3f, -0.08f, 0.07f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.15f, -0.02f, 0.01f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.04f, -0.18f, 0.2f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.05f, -0.1f, -0.14f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.05f, 0.34f, 0.05f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.05f, 0.13f, 0.06f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.04f, -0.1f, -0.05f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.04f, -0.17f, 0.07f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.24f, -0.12f, -0.18f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.01f, -0.0f, 0.26f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.1f, 0.0f, -0.17f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.14f, -0.09f, 0.11f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.04f, -0.16f, -0.14f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.01f, 0.18f, 0.14f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.11f, 0.06f, -0.05f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.06f, -0.05f, 0.02f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.0f, -0.03f, 0.01f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.19f, -0.07f, 0.14f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.04f, -0.37f, -0.04f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.01f, 0.01f, -0.37f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.15f, -0.13f, -0.1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.3f, -0.13f, 0.02f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.06f, -0.08f, -0.06f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.04f, 0.09f, 0.1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.07f, -0.15f, 0.13f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.03f, -0.18f, -0.02f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.23f, 0.08f, -0.19f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.01f, 0.09f, 0.17f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.01f, -0.12f, 0.14f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.19f, 0.07f, -0.04f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.21f, -0.04f, 0.26f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.11f, 0.04f, -0.04f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.13f, -0.16f, -0.14f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.01f, 0.1f, -0.02f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.11f, 0.15f, 0.13f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.05f, 0.08f, -0.12f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.08f, 0.07f, 0.24f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.02f, -0.47f, -0.11f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.18f, 0.03f, 0.12f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.13f, -0.0f, 0.07f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.24f, -0.02f, -0.02f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.03f, -0.08f, 0.14f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.03f, 0.01f, -0.19f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.13f, 0.05f, 0.17f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.08f, -0.03f, -0.01f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.03f, -0.06f, -0.07f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.05f, 0.15f, 0.09f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.06f, -0.14f, 0.13f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.06f, 0.13f, 0.1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.17f, 0.02f, 0.25f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.04f, -0.1f, 0.14f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.06f, -0.04f, 0.16f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.24f, -0.11f, -0.07f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.16f, 0.08f, 0.01f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.14f, 0.04f, 0.07f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.01f, -0.07f, -0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.04f, -0.14f, 0.04f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.21f, 0.04f, 0.05f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.16f, 0.12f, 0.11f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.07f, -0.01f, -0.01f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.06f, 0.05f, -0.04f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.07f, -0.05f, -0.1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.08f, 0.01f, -0.11f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.08f, -0.04f, 0.15f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.2f, 0.04f, -0.01f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.09f, -0.19f, 0.1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.1f, 0.08f, -0.16f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.06f, -0.03f, -0.24f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.02f, 0.04f, -0.13f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    -0.16f, -0.04f, 0.14f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f
};

WEIGHTS float step4_bias[8] = {
    1.51f, 0.47f, -1.13f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f
};
