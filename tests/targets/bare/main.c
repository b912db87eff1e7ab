/* Answers one input on a bare Cortex-M and prints the bytes of the answer by semihosting, in hexadecimal. */
#include <stdint.h>

#include "zoo.h"

static zoo_input input = INPUT;
static zoo_answer answer;
static zoo_scratch scratch;

static int host(int call, const void *argument)
{
    register int r0 __asm__("r0") = call;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void begin(void)
{
    static char text[2 * sizeof answer + 1];
    *(volatile uint32_t *)0xE000ED88 |= 0xF << 20; /* the unit for floats is off at first */
    __asm__ volatile("dsb\n isb");
    zoo(&input, &answer, &scratch);
    for (unsigned i = 0; i < sizeof answer; i++) {
        const uint8_t byte = ((const uint8_t *)&answer)[i];
        text[2 * i] = "0123456789abcdef"[byte >> 4];
        text[2 * i + 1] = "0123456789abcdef"[byte & 15];
    }
    host(4, text);                      /* SYS_WRITE0 */
    host(0x18, (const void *)0x20026);  /* SYS_EXIT, the program ended by itself */
    for (;;) {}
}

__attribute__((section(".vectors"), used)) static const void *const vectors[2] = {(void *)0x20100000, (void *)begin};
