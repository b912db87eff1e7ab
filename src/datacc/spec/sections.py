"""Where the emitted C of a program is divided: its code stays the same when other weights are learnt."""

from typing import Final

STEPS: Final = "/* ---- Steps, one for each layer. Their weights stand at the end of the file. ---- */"
WEIGHTS: Final = "/* ---- Weights, in the order in which they are read. ---- */"
WORD: Final = "WEIGHTS"  # the macro before every table of weights, where it is declared and where it is filled
