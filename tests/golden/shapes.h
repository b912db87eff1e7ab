/* shapes: picture in, shape, shape_confidence, shape_scores out. Made by datacc; 0BSD, use it for anything. */
#ifndef SHAPES_H
#define SHAPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One input. */
typedef struct {
    uint8_t picture[64]; /* 8 x 8 x 1 */
} shapes_input;

/* One answer. */
typedef struct {
    int32_t shape; /* the class, 0 to 2 */
    float shape_confidence;
    float shape_scores[3];
} shapes_answer;

/* Memory that a call works in: one for each thread, contents without meaning before and after.
 * It may lie anywhere; at a multiple of 64 bytes it is fastest. */
typedef struct {
    float floats[640];
} shapes_scratch;

/* Answers one input. Re-entrant: it allocates nothing, keeps nothing, and does the same work for every input. */
void shapes(const shapes_input *input, shapes_answer *answer, shapes_scratch *scratch);

/* Answers `count` inputs that lie one after the other, one by one. */
void shapes_batch(const shapes_input *inputs, shapes_answer *answers, size_t count, shapes_scratch *scratch);

/* Whether this processor has what the code uses; where it may be an older one, ask before the first call. */
int shapes_runs_here(void);

/* sizeof(shapes_scratch), for callers that do not read C. */
extern const size_t shapes_scratch_bytes;

/* The class that each shape stands for, in UTF-8. */
extern const char *const shapes_shape_names[3];

#ifdef __cplusplus
}
#endif

#endif
