/* Answers every input that comes in on standard input, one after the other; for processors that are emulated. */
#include <stdio.h>

#include "program.h"

int main(void)
{
    static program_input input;
    static program_answer answer;
    static program_scratch scratch;
    while (fread(&input, sizeof input, 1, stdin) == 1) {
        for (size_t i = 0; i < sizeof scratch; i++) ((unsigned char *)&scratch)[i] = 0xA5;
        program(&input, &answer, &scratch);
        fwrite(&answer, sizeof answer, 1, stdout);
    }
    return 0;
}
