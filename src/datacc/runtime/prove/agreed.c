/* What the harness knows of the program: that interface.json and its header agree, and where its functions are. A file
 * of its own, because a program may be called like anything in the harness. Compile with HEADER, PROGRAM and SYMBOL (its
 * name as an identifier and as a string) and the sizes. */
#include HEADER

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
_Static_assert(sizeof(JOIN(PROGRAM, _input)) == INPUT, "interface.json and the header disagree on the input");
_Static_assert(sizeof(JOIN(PROGRAM, _answer)) == ANSWER, "interface.json and the header disagree on the answer");
#if STATE
_Static_assert(sizeof(JOIN(PROGRAM, _state)) == STATE, "interface.json and the header disagree on the state");
#endif

extern void prove_one(void) __asm__(SYMBOL);
extern void prove_batch(void) __asm__(SYMBOL "_batch");
extern void (*const prove_program[2])(void) __asm__("prove.program"); /* no name of a program has a dot */
void (*const prove_program[2])(void) = {prove_one, prove_batch};
