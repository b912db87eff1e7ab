"""From the Graph of a fitting step to a library that takes many steps in one call.

`phases` says when each value can be computed, `order` in which steps, `memory` and `layout` where it lies; `draft`
holds all of that for one Graph. `loops`, `convolutions`, `denses`, `depthwise`, `pools`, `moves` and `once` print what
it is computed by, `update` the optimiser, `runner` how threads share the work, `source` the whole file; `library` links
and calls it.
"""
