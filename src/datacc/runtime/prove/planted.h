/* The program with planted faults: what each detector must catch before it is believed. */
#ifndef PLANTED_H
#define PLANTED_H

#include <stddef.h>
#include <stdint.h>

typedef struct { float in[16]; } planted_input;
typedef struct { float out[16]; } planted_answer;
typedef struct { float floats[64]; } planted_scratch;

void planted(const planted_input *input, planted_answer *answer, planted_scratch *scratch);
void planted_batch(const planted_input *inputs, planted_answer *answers, size_t count, planted_scratch *scratch);

#endif
