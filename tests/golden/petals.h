/* petals: petals in, kind, kind_confidence, kind_scores out. Made by datacc; 0BSD, use it for anything. */
#ifndef PETALS_H
#define PETALS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One input. */
typedef struct {
    float petals[4];
} petals_input;

/* One answer. */
typedef struct {
    int32_t kind; /* the class, 0 to 1 */
    float kind_confidence;
    float kind_scores[2];
} petals_answer;

/* Memory that a call works in: one for each thread, contents without meaning before and after.
 * It may lie anywhere; at a multiple of 64 bytes it is fastest. */
typedef struct {
    float floats[48];
} petals_scratch;

/* Answers one input. Re-entrant: it allocates nothing, keeps nothing, and does the same work for every input. */
void petals(const petals_input *input, petals_answer *answer, petals_scratch *scratch);

/* Answers `count` inputs that lie one after the other, one by one. */
void petals_batch(const petals_input *inputs, petals_answer *answers, size_t count, petals_scratch *scratch);

/* Whether this processor has what the code uses; where it may be an older one, ask before the first call. */
int petals_runs_here(void);

/* sizeof(petals_scratch), for callers that do not read C. */
extern const size_t petals_scratch_bytes;

/* The class that each kind stands for, in UTF-8. */
extern const char *const petals_kind_names[2];

#ifdef __cplusplus
}
#endif

#endif
