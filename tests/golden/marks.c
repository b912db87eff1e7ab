/* marks: a program built by datacc.
 *
 * Free for any use: BSD Zero Clause License (0BSD). THE SOFTWARE IS PROVIDED "AS IS", WITHOUT ANY WARRANTY.
 *
 * compile   cc -O2 -ffp-contract=off -march=x86-64-v3 (no libc needed)
 *           clang also -mstack-alignment=32, for this file alone: what registers cannot hold lies in one cache line
 *           cc -std=c99 -DDATACC_PORTABLE (any C99 compiler, plain loops; the same bits)
 *           Products are of integers: the same bits on every processor; never compile with -ffast-math.
 * work      56,429 multiply-adds for every input
 * memory    1,728 bytes of scratch, 1,580 bytes of weights
 * graph     bf6568d5f45061dca6179c7c122e2e17
 */
#include "marks.h"

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

#ifndef DATACC_PORTABLE
typedef int32_t sums __attribute__((vector_size(32)));
typedef int32_t sums_anywhere __attribute__((vector_size(32), aligned(1), may_alias));
typedef uint8_t sums_octets __attribute__((vector_size(8), aligned(1), may_alias));
typedef int8_t sums_weights __attribute__((vector_size(8), aligned(1), may_alias));
INLINE sums sums_load(const int32_t *from) { return *(const sums_anywhere *)from; }
INLINE sums sums_all(int32_t x) { return (sums){x, x, x, x, x, x, x, x}; }
INLINE sums sums_add(sums a, sums b) { return a + b; }
INLINE sums sums_between(sums x, int32_t low, int32_t high)
{
    const sums floor = sums_all(low), ceiling = sums_all(high);
    const sums above = x > floor;
    x = (above & x) | (~above & floor);
    const sums below = x < ceiling;
    return (below & x) | (~below & ceiling);
}
/* x / 2^shift, limited to 16 bits, times multiplier / 2^15; both times the nearest integer, halves upwards. */
INLINE sums sums_rescaled(sums x, int shift, sums multiplier)
{
    x = shift > 0 ? (x + (1 << shift >> 1)) >> shift : x * (1 << -shift);
    return (sums_between(x, -32768, 32767) * multiplier + 16384) >> 15;
}
INLINE sums sums_bytes(const uint8_t *from, int turn)
{
    return (__builtin_convertvector(*(const sums_octets *)from, sums) ^ turn) - turn;
}
INLINE void sums_store_bytes(uint8_t *to, sums x)
{
    *(sums_octets *)to = __builtin_convertvector(x, sums_octets);
}
#ifdef __AVX512VNNI__
#ifdef __clang__
#define sums_dot(sum, x, w) __builtin_ia32_vpdpbusd256(sum, x, w)
#else
#define sums_dot(sum, x, w) __builtin_ia32_vpdpbusd_v8si(sum, x, w)
#endif
#elif defined(__AVX2__)
INLINE sums sums_dot(sums sum, sums x, sums w)
{
    typedef char bytes __attribute__((vector_size(32)));
    typedef int16_t pairs __attribute__((vector_size(32)));
    const pairs sums_of_two = __builtin_ia32_pmaddubsw256((bytes)x, (bytes)w);
    return sum + __builtin_ia32_pmaddwd256(sums_of_two, (pairs)sums_all(0x00010001));
}
#elif defined(__SSSE3__)
INLINE sums sums_dot(sums sum, sums x, sums w)
{
    typedef char bytes __attribute__((vector_size(16)));
    typedef int16_t pairs __attribute__((vector_size(16)));
    typedef int32_t half __attribute__((vector_size(16)));
    union { sums whole; half part[2]; } all = {sum}, all_x = {x}, all_w = {w};
    const half ones = {0x00010001, 0x00010001, 0x00010001, 0x00010001};
    for (int i = 0; i < 2; i++) {
        const pairs sums_of_two = __builtin_ia32_pmaddubsw128((bytes)all_x.part[i], (bytes)all_w.part[i]);
        all.part[i] += __builtin_ia32_pmaddwd128(sums_of_two, (pairs)ones);
    }
    return all.whole;
}
#else
INLINE sums sums_dot(sums sum, sums x, sums w)
{
    for (int shift = 0; shift < 32; shift += 8) sum += (x >> shift & 255) * (w << (24 - shift) >> 24);
    return sum;
}
#endif
INLINE sums sums_quads(sums sum, const uint8_t *in, int turn, const int8_t *weight)
{
    typedef int32_t four __attribute__((aligned(1), may_alias));
    const int32_t x = *(const four *)in ^ (int32_t)((uint32_t)turn * 0x01010101u);
    return sums_dot(sum, sums_all(x), *(const sums_anywhere *)weight);
}
INLINE sums sums_each(sums sum, const uint8_t *in, int turn, const int8_t *weight)
{
    const sums x = __builtin_convertvector(*(const sums_octets *)in, sums) ^ turn;
    return sum + __builtin_convertvector(*(const sums_weights *)weight, sums) * x;
}
INLINE lanes sums_floats(sums x) { return __builtin_convertvector(x, lanes); }
#else
typedef struct { int32_t at[8]; } sums;
INLINE sums sums_load(const int32_t *from)
{
    sums x;
    for (int i = 0; i < 8; i++) x.at[i] = from[i];
    return x;
}
INLINE sums sums_all(int32_t value)
{
    sums x;
    for (int i = 0; i < 8; i++) x.at[i] = value;
    return x;
}
INLINE sums sums_add(sums x, sums b)
{
    for (int i = 0; i < 8; i++) x.at[i] += b.at[i];
    return x;
}
INLINE sums sums_between(sums x, int32_t low, int32_t high)
{
    for (int i = 0; i < 8; i++) x.at[i] = x.at[i] < low ? low : x.at[i] > high ? high : x.at[i];
    return x;
}
INLINE sums sums_bytes(const uint8_t *from, int turn)
{
    sums x;
    for (int i = 0; i < 8; i++) x.at[i] = (from[i] ^ turn) - turn;
    return x;
}
INLINE sums sums_each(sums sum, const uint8_t *in, int turn, const int8_t *weight)
{
    for (int i = 0; i < 8; i++) sum.at[i] += (in[i] ^ turn) * weight[i];
    return sum;
}
/* x / 2^shift, limited to 16 bits, times multiplier / 2^15; both times the nearest integer, halves upwards. */
INLINE sums sums_rescaled(sums x, int shift, sums multiplier)
{
    for (int i = 0; i < 8; i++)
        x.at[i] = shift > 0 ? (x.at[i] + (1 << shift >> 1)) >> shift : x.at[i] * (1 << -shift);
    x = sums_between(x, -32768, 32767);
    for (int i = 0; i < 8; i++) x.at[i] = (x.at[i] * multiplier.at[i] + 16384) >> 15;
    return x;
}
INLINE void sums_store_bytes(uint8_t *to, sums x)
{
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)x.at[i];
}
INLINE sums sums_quads(sums sum, const uint8_t *in, int turn, const int8_t *weight)
{
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < 4; k++) sum.at[i] += (in[k] ^ turn) * weight[4 * i + k];
    return sum;
}
INLINE lanes sums_floats(sums x)
{
    lanes y;
    for (int i = 0; i < 8; i++) y.at[i] = (float)x.at[i];
    return y;
}
#endif

/* How a copy walks: rows of pixels of channels. */
typedef struct {
    int rows, pixels, channels;
    int in_row, in_pixel, out_row, out_pixel;
} copy_walk;

INLINE void kernel_copy_uint8(const copy_walk *walk, const uint8_t *restrict in, uint8_t *restrict out)
{
    for (int y = 0; y < walk->rows; y++)
        for (int x = 0; x < walk->pixels; x++)
            for (int c = 0; c < walk->channels; c++)
                out[y * walk->out_row + x * walk->out_pixel + c] = in[y * walk->in_row + x * walk->in_pixel + c];
}

INLINE void kernel_zero_bytes(void *out, int count)
{
    uint8_t *const to = out;
    for (int i = 0; i < count; i++) to[i] = 0;
}

/* Zeros around rows of `run` bytes: `before` the first, in the `gap` between two, `after` the last. */
INLINE void kernel_frame_bytes(void *out, int before, int rows, int run, int gap, int after)
{
    uint8_t *const to = out;
    kernel_zero_bytes(to, before);
    for (int y = 1; y < rows; y++) kernel_zero_bytes(to + before + y * (run + gap) - gap, gap);
    kernel_zero_bytes(to + before + rows * (run + gap) - gap, after);
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

/* How a product of bytes walks through its input and output, in elements, and how its sums are finished. */
typedef struct {
    int taps, tap_row;         /* rows of the window, and from one to the next */
    int runs, run_step, run;   /* stretches of adjacent inputs in a row, from one to the next, inputs in each */
    int next_row, next_pixel;  /* from the window of one output pixel to that of the one below, beside */
    int turn;                  /* 128 where inputs are signed */
    int out_row, out_pixel;
    int residual_row, residual_pixel, residual_turn;
    int shift, residual_shift, last_shift, last_multiplier, low, high;
} product_walk;

/* Sums to bytes: rescaled, with the rescaled residual added and once more rescaled if there is one, limited. */
INLINE void finish_bytes(const product_walk *walk, sums sum, const int32_t *multiplier, const uint8_t *residual,
                         const int32_t *residual_multiplier, uint8_t *out)
{
    sum = sums_rescaled(sum, walk->shift, sums_load(multiplier));
    if (residual) {
        const sums other = sums_bytes(residual, walk->residual_turn);
        sum = sums_add(sum, sums_rescaled(other, walk->residual_shift, sums_load(residual_multiplier)));
        sum = sums_rescaled(sum, walk->last_shift, sums_all(walk->last_multiplier));
    }
    sums_store_bytes(out, sums_between(sum, walk->low, walk->high));
}

/* The sums of rows x columns pixels of 8 x vectors channels, four inputs at a time. */
INLINE void product_quads(const product_walk *walk, int rows, int columns, int vectors, const uint8_t *in,
                          const int8_t *weight, const int32_t *bias, sums sum[24])
{
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++) sum[p * vectors + v] = sums_load(bias + 8 * v);
    for (int tap = 0; tap < walk->taps; tap++)
        for (int run = 0; run < walk->runs; run++) {
            const uint8_t *from = in + tap * walk->tap_row + run * walk->run_step;
            for (int k = 0; k < walk->run; k += 4, weight += 32 * vectors)
                UNROLL for (int p = 0; p < rows * columns; p++) {
                    const uint8_t *x = from + p / columns * walk->next_row + p % columns * walk->next_pixel + k;
                    UNROLL for (int v = 0; v < vectors; v++)
                        sum[p * vectors + v] = sums_quads(sum[p * vectors + v], x, walk->turn, weight + 32 * v);
                }
        }
}

/* The sums of rows x columns pixels of 8 channels, each of which reads its own input channel. */
INLINE void product_each(const product_walk *walk, int rows, int columns, int vectors, const uint8_t *in,
                         const int8_t *weight, const int32_t *bias, sums sum[24])
{
    (void)vectors; /* always one */
    UNROLL for (int p = 0; p < rows * columns; p++) sum[p] = sums_load(bias);
    for (int tap = 0; tap < walk->taps; tap++)
        for (int run = 0; run < walk->runs; run++, weight += 8) {
            const uint8_t *from = in + tap * walk->tap_row + run * walk->run_step;
            UNROLL for (int p = 0; p < rows * columns; p++) {
                const uint8_t *x = from + p / columns * walk->next_row + p % columns * walk->next_pixel;
                sum[p] = sums_each(sum[p], x, walk->turn, weight);
            }
        }
}

INLINE void kernel_quads_bytes(const product_walk *walk, int rows, int columns, int vectors, const uint8_t *in,
                               const int8_t *weight, const int32_t *bias, const int32_t *multiplier,
                               const uint8_t *residual, const int32_t *residual_multiplier, uint8_t *out)
{
    sums sum[24];
    product_quads(walk, rows, columns, vectors, in, weight, bias, sum);
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++) {
            const int to = p / columns * walk->out_row + p % columns * walk->out_pixel + 8 * v;
            const int with = p / columns * walk->residual_row + p % columns * walk->residual_pixel + 8 * v;
            finish_bytes(walk, sum[p * vectors + v], multiplier + 8 * v, residual ? residual + with : NULL,
                         residual ? residual_multiplier + 8 * v : NULL, out + to);
        }
}

INLINE void kernel_quads_floats(const product_walk *walk, int rows, int columns, int vectors, const uint8_t *in,
                                const int8_t *weight, const int32_t *bias, const float *scale, const float *offset,
                                float *out)
{
    sums sum[24];
    product_quads(walk, rows, columns, vectors, in, weight, bias, sum);
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++) {
            const int to = p / columns * walk->out_row + p % columns * walk->out_pixel + 8 * v;
            const lanes scaled = lanes_multiply(sums_floats(sum[p * vectors + v]), lanes_load(scale + 8 * v));
            lanes_store(out + to, lanes_add(scaled, lanes_load(offset + 8 * v)));
        }
}

INLINE void kernel_each_bytes(const product_walk *walk, int rows, int columns, int vectors, const uint8_t *in,
                              const int8_t *weight, const int32_t *bias, const int32_t *multiplier,
                              const uint8_t *residual, const int32_t *residual_multiplier, uint8_t *out)
{
    sums sum[24];
    product_each(walk, rows, columns, vectors, in, weight, bias, sum);
    UNROLL for (int p = 0; p < rows * columns; p++)
        UNROLL for (int v = 0; v < vectors; v++) {
            const int to = p / columns * walk->out_row + p % columns * walk->out_pixel + 8 * v;
            const int with = p / columns * walk->residual_row + p % columns * walk->residual_pixel + 8 * v;
            finish_bytes(walk, sum[p * vectors + v], multiplier + 8 * v, residual ? residual + with : NULL,
                         residual ? residual_multiplier + 8 * v : NULL, out + to);
        }
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

WEIGHTS int8_t step2_weight[96];
WEIGHTS int32_t step2_bias[8];
WEIGHTS int32_t step2_multiplier[8];
WEIGHTS int8_t step3_weight[576];
WEIGHTS int32_t step3_bias[8];
WEIGHTS int32_t step3_multiplier[8];
WEIGHTS int32_t step3_residual_multiplier[8];
WEIGHTS int8_t step4_weight[648];
WEIGHTS int32_t step4_bias[8];
WEIGHTS int32_t step4_multiplier[8];
WEIGHTS int8_t step5_weight[64];
WEIGHTS int32_t step5_bias[8];
WEIGHTS float step5_scale[8];
WEIGHTS float step5_offset[8];

/* picture: copy, 9 x 9 x 1 to 9 x 9 x 1 */
STEP void step1_picture(const uint8_t *in, uint8_t *out)
{
    static const copy_walk walk = {.rows = 9, .pixels = 1, .channels = 9, .in_row = 9, .out_row = 11};
    kernel_frame_bytes(out, 12, 9, 9, 2, 12);
    kernel_copy_uint8(&walk, in, out + 12);
}

/* first (sums) + first.relu: conv, 9 x 9 x 1 to 9 x 9 x 8; 6,480 multiply-adds */
STEP void step2_first_sums(const uint8_t *in, uint8_t *out)
{
    static const product_walk walk = {
        .taps = 3, .tap_row = 11, .runs = 1, .run = 3, .next_row = 11, .next_pixel = 1, .out_row = 88,
        .out_pixel = 8, .shift = 3, .high = 255
    };
    kernel_frame_bytes(out, 96, 9, 72, 16, 96);
    for (int y = 0; y < 9; y++)
        kernel_quads_bytes(&walk, 1, 9, 1, in + y * 11, step2_weight, step2_bias, step2_multiplier, NULL,
                           NULL, out + 96 + y * 88);
}

/* second (sums) + second (fine) + second.ad...: conv + add, 9 x 9 x 8, 9 x 9 x 8 to 9 x 9 x 8; 49,248 multiply-adds */
STEP void step3_second_sums(const uint8_t *in, const uint8_t *residual, uint8_t *out)
{
    static const product_walk walk = {
        .taps = 3, .tap_row = 88, .runs = 1, .run = 24, .next_row = 88, .next_pixel = 8, .out_row = 72,
        .out_pixel = 8, .residual_row = 88, .residual_pixel = 8, .shift = 2, .residual_shift = -7,
        .last_shift = 3, .last_multiplier = 16384, .high = 255
    };
    for (int y = 0; y < 9; y++)
        kernel_quads_bytes(&walk, 1, 9, 1, in + y * 88, step3_weight, step3_bias, step3_multiplier,
                           residual + 96 + y * 88, step3_residual_multiplier, out + y * 72);
}

/* mean (sums) + mean: conv, 9 x 9 x 8 to 1 x 1 x 8; 656 multiply-adds */
STEP void step4_mean_sums(const uint8_t *in, uint8_t *out)
{
    static const product_walk walk = {
        .taps = 9, .tap_row = 72, .runs = 9, .run_step = 8, .run = 8, .next_row = 648, .next_pixel = 72,
        .out_row = 8, .out_pixel = 8, .high = 255
    };
    kernel_each_bytes(&walk, 1, 1, 1, in, step4_weight, step4_bias, step4_multiplier, NULL, NULL, out);
}

/* logits (sums) + logits (cast) + logits: dense, 1 x 1 x 8 to 2; 18 multiply-adds */
STEP void step5_logits_sums(const uint8_t *in, float *out)
{
    static const product_walk walk = {
        .taps = 1, .runs = 1, .run = 8, .next_row = 8, .next_pixel = 8, .out_row = 8, .out_pixel = 8
    };
    kernel_quads_floats(&walk, 1, 1, 1, in, step5_weight, step5_bias, step5_scale, step5_offset, out);
}

/* softmax.largest: maximum, 2 to 1 */
STEP void step6_softmax_largest(const float *in, float *out)
{
    kernel_maximum(in, 2, out);
}

/* softmax.less + softmax.centred + softmax.exp: affine, add, exp, 1, 2 to 2; 23 multiply-adds */
STEP void step7_softmax_less(const float *in1, const float *in2, float *out)
{
    const lanes v1 = lanes_all(*(in1));
    const lanes v2 = lanes_load(in2);
    const lanes v3 = lanes_multiply(v1, lanes_all(-1.0f));
    const lanes v4 = lanes_add(v2, v3);
    const lanes v5 = lanes_exp(v4);
    lanes_store_some(out, v5, 2);
}

/* softmax.sum: dense, 2 to 1; 2 multiply-adds */
STEP void step8_softmax_sum(const float *in, float *out)
{
    kernel_total(in, 2, out, 8);
}

/* softmax: divide, 2, 1 to 2; 2 multiply-adds */
STEP void step9_softmax(const float *in1, const float *in2, float *out)
{
    const lanes v1 = lanes_load_some(in1, 2);
    const lanes v2 = lanes_all(*(in2));
    const lanes v3 = lanes_divide(v1, v2);
    lanes_store_some(out, v3, 2);
}

/* argmax: argmax, 2 to 1 */
STEP void step10_argmax(const float *in, int32_t *out)
{
    kernel_argmax(in, 2, out);
}

/* maximum: maximum, 2 to 1 */
STEP void step11_maximum(const float *in, float *out)
{
    kernel_maximum(in, 2, out);
}

/* ---- The program: inputs and answers lie in the caller's structs, everything between in the scratch. ---- */

ENTRY void marks(const marks_input *input, marks_answer *answer, marks_scratch *scratch)
{
    step1_picture(input->picture, (uint8_t *)(scratch->floats + 256));
    step2_first_sums((uint8_t *)(scratch->floats + 256), (uint8_t *)(scratch->floats));
    step3_second_sums((uint8_t *)(scratch->floats), (uint8_t *)(scratch->floats), (uint8_t *)(scratch->floats + 256));
    step4_mean_sums((uint8_t *)(scratch->floats + 256), (uint8_t *)(scratch->floats + 16));
    step5_logits_sums((uint8_t *)(scratch->floats + 16), scratch->floats);
    step6_softmax_largest(scratch->floats, scratch->floats + 32);
    step7_softmax_less(scratch->floats + 32, scratch->floats, scratch->floats + 16);
    step8_softmax_sum(scratch->floats + 16, scratch->floats + 32);
    step9_softmax(scratch->floats + 16, scratch->floats + 32, answer->mark_scores);
    step10_argmax(scratch->floats, &answer->mark);
    step11_maximum(answer->mark_scores, &answer->mark_confidence);
}

ENTRY void marks_batch(const marks_input *inputs, marks_answer *answers, size_t count, marks_scratch *scratch)
{
    for (size_t i = 0; i < count; i++) marks(inputs + i, answers + i, scratch);
}

#if defined(__x86_64__) && !defined(DATACC_PORTABLE)
__attribute__((target("arch=x86-64"))) /* this function itself must run everywhere */
EXPORT int marks_runs_here(void)
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
EXPORT int marks_runs_here(void)
{
    return 1;
}
#endif

EXPORT const size_t marks_scratch_bytes = sizeof(marks_scratch);
EXPORT const char *const marks_mark_names[2] = {
    "cross",
    "circle",
};

/* ---- Weights, in the order in which they are read. ---- */

WEIGHTS int8_t step2_weight[96] = {
    6, -6, 31, 0, -34, -17, 1, 0, 19, 48, -6, 0, -57, -29, 14, 0, -27, -5, 33, 0, -10, 47, 63, 0,
    -47, 14, 16, 0, -14, 9, -7, 0, 5, -26, 17, 0, -63, -6, -34, 0, 63, -31, 16, 0, -63, -13, -10, 0,
    62, -52, 63, 0, 58, 42, 11, 0, 25, -43, -24, 0, 45, 38, 18, 0, 63, 46, -34, 0, -20, -15, -9, 0,
    42, 4, -34, 0, 34, 13, 22, 0, 56, 33, 11, 0, -39, 0, 21, 0, -16, -42, 63, 0, -63, 1, 20, 0
};

WEIGHTS int32_t step2_bias[8] = {
    37043, -12800, 64191, -62938, -21053, 22987, 1358, 43762
};

WEIGHTS int32_t step2_multiplier[8] = {
    571, 1017, 598, 442, 662, 857, 761, 964
};

WEIGHTS int8_t step3_weight[576] = {
    5, -17, -10, -29, -17, -10, 0, -31, -10, 28, 20, -3, -5, 5, -21, 14, -16, 17, 8, -8, 12, 17, 12, 32,
    -18, -4, 42, -32, -3, -21, -23, 11, -34, 17, 15, 34, 6, -2, -24, -49, -10, -20, -14, -30, 20, 11, 9, -63,
    16, 29, -23, -13, 17, 21, -9, 2, 63, 61, -56, -5, -27, 17, -40, -14, -20, 45, -8, 42, 11, -6, -11, -5,
    24, 32, -25, -24, 4, 0, -2, -11, 20, 15, 5, 25, 9, 0, 5, 7, 11, -25, -24, -8, 1, -33, 17, 0,
    -12, -20, 7, 27, 37, -1, 2, -31, -36, -20, -63, -23, 1, 7, -4, -8, -23, -31, -18, 3, 14, -2, -6, -13,
    24, -17, 60, 9, -27, -40, -41, 1, 4, -16, -36, -37, 34, 19, 22, 1, 26, -7, 17, -10, 21, -18, 17, 3,
    -17, -10, -21, -13, -14, 19, -1, 13, -3, 47, 20, 12, -30, -36, -6, 59, 13, 26, -4, -29, 19, 8, 13, -3,
    36, 4, -8, 52, -13, -5, -15, 11, -21, 8, 17, -10, -21, -31, -17, 19, -11, 59, 27, -7, 7, 20, 6, 20,
    23, -34, -19, 17, -30, 21, -40, -5, -7, -25, 4, -1, 6, -9, -18, 5, -4, -12, 11, 2, 17, 5, -13, -2,
    -52, 12, -37, -56, -35, -11, 7, 0, -60, 10, -15, 3, -4, -21, 13, -4, 22, -19, 16, 17, 16, -2, 7, -6,
    34, -23, 8, 9, -5, -6, -40, -14, -9, 9, 42, 9, -5, -17, -7, -20, -2, 5, 18, -20, -9, 11, -10, 29,
    -14, 3, -17, 48, 1, -5, 5, -25, -8, 12, -31, 45, -3, 24, 3, 23, 26, -40, -1, 4, -63, -31, 12, 41,
    38, 19, 22, 31, 7, -10, -40, -27, -14, -9, -22, -7, 11, -4, 6, -6, -28, 20, -24, 24, -6, -4, -63, 7,
    28, 4, 26, -16, 47, 3, 23, 24, 21, 22, 2, -38, 22, -1, -6, 34, 0, 16, -12, -4, 5, -18, 20, -28,
    -8, 3, 1, 23, 9, 28, -8, 2, 12, 14, -41, 6, -18, -44, 1, -46, -4, -20, -38, 7, -26, -12, -10, 12,
    -29, -17, 56, 21, -17, 4, 24, 5, -7, -63, -16, 4, -11, -19, -12, -6, -10, -62, 31, -12, -8, 16, -37, 1,
    -15, -27, -28, 7, -14, -13, -33, 15, -16, -27, -20, 0, -4, -24, -3, 0, -9, 16, 22, -3, 22, 0, -13, 2,
    -28, -12, 5, 49, 32, 9, 14, 24, 10, 35, 0, 28, 17, -10, 3, -27, 1, -15, -26, 29, 28, 10, -26, 34,
    -32, 29, 23, -6, 4, -11, 18, -31, -5, 15, 45, 17, 45, 4, 32, -2, 37, 31, -63, 33, -10, 28, 3, 47,
    9, -8, -4, -11, -7, -15, 25, -1, 45, -7, -24, -3, -3, 11, -22, 6, 35, -16, 25, -2, -14, 8, -16, -15,
    9, 11, 10, 10, -16, 12, -4, 12, -60, 2, -22, -20, -6, 4, 14, 17, 23, -20, 41, -19, 21, 7, -27, -12,
    35, -33, -25, 41, -16, -60, 3, -33, 9, -10, -51, -3, 0, -12, -18, 63, -13, 15, -24, -29, -23, 33, 16, -6,
    20, 12, -3, 23, 20, 5, 0, 7, -6, -12, 3, -23, -3, 38, -14, -14, -21, 29, -8, 2, -2, -41, -13, 14,
    13, 15, -19, 11, -14, -16, 2, -11, -32, 29, -1, -12, 12, -11, -5, 2, 44, -41, -5, 11, 35, 14, 25, -9
};

WEIGHTS int32_t step3_bias[8] = {
    9608, -6799, -6611, 4802, -6126, 5976, 37708, -21149
};

WEIGHTS int32_t step3_multiplier[8] = {
    9764, 12657, 12823, 15572, 12249, 16097, 7954, 9998
};

WEIGHTS int32_t step3_residual_multiplier[8] = {
    3048, 3048, 3048, 3048, 3048, 3048, 3048, 3048
};

WEIGHTS int8_t step4_weight[648] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
};

WEIGHTS int32_t step4_bias[8] = {
    0, 0, 0, 0, 0, 0, 0, 0
};

WEIGHTS int32_t step4_multiplier[8] = {
    606, 606, 606, 606, 606, 606, 606, 606
};

WEIGHTS int8_t step5_weight[64] = {
    -41, 61, -8, 63, 15, -55, -48, 63, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, -55, 18, -8, 8, 13, 5, -2, 16, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
};

WEIGHTS int32_t step5_bias[8] = {
    -11236, -8058, 0, 0, 0, 0, 0, 0
};

WEIGHTS float step5_scale[8] = {
    0.00014548519f, 0.00017532603f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f
};

WEIGHTS float step5_offset[8] = {
    0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f
};
