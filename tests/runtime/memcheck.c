/* Asks valgrind whether a program's work depends on its input: the input is marked as undefined, so that every branch
 * and every address that depends on it is reported. memcheck LIBRARY NAME INPUT_BYTES ANSWER_BYTES SCRATCH_BYTES [branch]
 * With `branch`, this file branches on the answer itself, which must be reported. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/memcheck.h>

int main(int argc, char **argv)
{
    if (argc < 6) return 2;
    const size_t input = strtoul(argv[3], 0, 10), answer = strtoul(argv[4], 0, 10);
    void *library = dlopen(argv[1], RTLD_NOW);
    void (*run)(const void *, void *, void *) = (void (*)(const void *, void *, void *))dlsym(library, argv[2]);
    char *inputs = calloc(1, input), *answers = calloc(1, answer), *scratch = calloc(1, strtoul(argv[5], 0, 10));
    if (!run || !inputs || !answers || !scratch) return 3;
    VALGRIND_MAKE_MEM_UNDEFINED(inputs, input);
    run(inputs, answers, scratch);
    if (argc > 6 && answers[0] == 1) puts("the answer is 1");
    return 0;
}
