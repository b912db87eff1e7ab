"""Where emitted C is divided: into code, which stays as it is when other weights are learnt, its parts, and weights."""

from typing import Final

STEPS: Final = "/* ---- Steps, one for each layer. Their weights stand at the end of the file. ---- */"
WEIGHTS: Final = "/* ---- Weights, in the order in which they are read. ---- */"
WORD: Final = "WEIGHTS"  # the macro before every table of weights, where it is declared and where it is filled
ALIGNS: Final = "__attribute__((force_align_arg_pointer))"  # what callers call aligns the stack
PART: Final = "/* ---- Another part, which may be compiled by itself behind what stands before the first. ---- */"
