/* marks: picture in, mark, mark_confidence, mark_scores out. Made by datacc; 0BSD, use it for anything. */
#ifndef MARKS_H
#define MARKS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One input. */
typedef struct {
    uint8_t picture[81]; /* 9 x 9 x 1 */
} marks_input;

/* One answer. */
typedef struct {
    int32_t mark; /* the class, 0 to 1 */
    float mark_confidence;
    float mark_scores[2];
} marks_answer;

/* Memory that a call works in: one for each thread, contents without meaning before and after.
 * It may lie anywhere; at a multiple of 64 bytes it is fastest. */
typedef struct {
    float floats[432];
} marks_scratch;

/* Answers one input. Re-entrant: it allocates nothing, keeps nothing, and does the same work for every input. */
void marks(const marks_input *input, marks_answer *answer, marks_scratch *scratch);

/* Answers `count` inputs that lie one after the other, one by one. */
void marks_batch(const marks_input *inputs, marks_answer *answers, size_t count, marks_scratch *scratch);

/* Whether this processor has what the code uses; where it may be an older one, ask before the first call. */
int marks_runs_here(void);

/* sizeof(marks_scratch), for callers that do not read C. */
extern const size_t marks_scratch_bytes;

/* The class that each mark stands for, in UTF-8. */
extern const char *const marks_mark_names[2];

#ifdef __cplusplus
}
#endif

#endif
