"""The C of the update: shards added up in a fixed tree, limited, taken by the optimiser; eight weights at a time."""

from typing import Final

CHUNK: Final = 1024  # weights that a thread takes at a time

# What all updates read at one step, in order, as floats.
RATES: Final = 3

_TREE: Final = """\
/* What all shards, so far apart, say of eight weights, added in pairs, pairs of pairs and so on: in the same order
 * on every machine. */
INLINE lanes shards_sum(const float *sums, size_t apart)
{{
    lanes part[{shards}];
    UNROLL for (int k = 0; k < {shards}; k++) part[k] = lanes_load(sums + k * apart);
    UNROLL for (int far = 1; far < {shards}; far *= 2)
        UNROLL for (int k = 0; k + far < {shards}; k += 2 * far) part[k] = lanes_add(part[k], part[k + far]);
    return part[0];
}}"""

_FAINT: Final = """\
/* Nothing in place of what is smaller than `least`, or it would become subnormal, which changes no weight but costs a
 * hundred times as much. What is no number stays. */
INLINE lanes without_faint(lanes x, float least)
{
    const lanes size = lanes_of_bits(lanes_bits(x) & 0x7FFFFFFFu);
    return lanes_of_bits(lanes_bits(x) & ~lanes_less(size, lanes_all(least)));
}"""

_ADAMW: Final = """\
        /* AdamW (Loshchilov and Hutter 2019). rates: the rate, 1 / (1 - 0.9^t), 1 / sqrt(1 - 0.999^t). */
        const lanes old_mean = lanes_load(mean + i), old_square = lanes_load(square + i);
        const lanes new_mean = lanes_multiply_add(old_mean, lanes_subtract(g, old_mean), lanes_all(0.1f));
        const lanes new_square =
            lanes_multiply_add(lanes_multiply(old_square, lanes_all(0.999f)), lanes_multiply(g, lanes_all(0.001f)), g);
        lanes_store(mean + i, without_faint(new_mean, 1e-30f));
        lanes_store(square + i, without_faint(new_square, 1e-36f));
        const lanes spread = lanes_multiply_add(lanes_all(1e-8f), lanes_sqrt(new_square), lanes_all(rates[2]));
        const lanes move = lanes_divide(lanes_multiply(new_mean, lanes_all(rates[0] * rates[1])), spread);
        const lanes kept = lanes_multiply(w, lanes_subtract(lanes_all(1), lanes_multiply(lanes_all(rates[0]), decay)));
        const lanes next = lanes_subtract(kept, move);"""

_SGD: Final = """\
        /* Gradient descent with Nesterov's momentum (Sutskever et al. 2013). rates: the rate, the momentum. */
        const lanes pull = lanes_multiply_add(g, decay, w);
        const lanes speed = lanes_multiply_add(pull, lanes_load(mean + i), lanes_all(rates[1]));
        lanes_store(mean + i, without_faint(speed, 1e-30f));
        const lanes move = lanes_multiply_add(pull, speed, lanes_all(rates[1]));
        const lanes next = lanes_subtract(w, lanes_multiply(move, lanes_all(rates[0])));"""

_AVERAGE: Final = """
        const lanes before = lanes_load(average + i);
        lanes_store(average + i, lanes_multiply_add(before, lanes_subtract(next, before), lanes_all({share})));"""

_UPDATE: Final = """\
/* Move the weights of one chunk against their gradient. */
STEP void update(const fit_job *job, int step, int chunk)
{{
    const float *const rates = job->rates + {rates} * step;
    float *const weights = job->whole, *const mean = job->moments, *const square = mean + {count};
    float *const average = square + {count};
    const float *const decays = average + {count};
    const int first = chunk * {chunk}, last = first + {chunk} < {count} ? first + {chunk} : {count};
    (void)square, (void)average;
    for (int i = first; i < last; i += 8) {{
        const lanes g = without_faint({gradient}, 1e-16f); /* its square is not subnormal either */
        const lanes w = lanes_load(weights + i), decay = lanes_load(decays + i);
{rule}{average}
        lanes_store(weights + i, next);
    }}
}}"""

_NORM: Final = """\
/* Add up the gradient of one chunk, and its squares. */
STEP void measure(const fit_job *job, int chunk)
{{
    const int first = chunk * {chunk}, last = first + {chunk} < {count} ? first + {chunk} : {count};
    lanes total = lanes_all(0);
    for (int i = first; i < last; i += 8) {{
        const lanes g = shards_sum(job->sums + i, {apart});
        lanes_store(job->sums + i, g); /* in place of what the first shard said */
        total = lanes_multiply_add(total, g, g);
    }}
    job->squares[chunk] = lanes_total(total);
}}

/* What the gradient is multiplied with so that its norm is at most `limit`. */
STEP void limited(fit_job *job)
{{
    float total = 0;
    for (int k = 0; k < {chunks}; k++) total += job->squares[k];
    const float norm = lanes_sqrt(lanes_all(total))[0];
    job->limit = norm > {limit} ? {limit} / norm : 1.0f;
}}"""


def chunks(count: int) -> int:
    """How many chunks so many weights make."""
    return -(-count // CHUNK)


def helpers(shards: int) -> str:
    """The functions that updates call: one that adds up so many shards, one that drops what is too small to matter."""
    return f"{_TREE.format(shards=shards)}\n\n{_FAINT}"


def update(count: int, apart: int, *, optimiser: str, clip: float, average: float) -> str:
    """The functions of the update of `count` weights, of which shards, so far apart, have the gradient."""
    words = {
        "count": count,
        "apart": apart,
        "chunk": CHUNK,
        "rates": RATES,
        "chunks": chunks(count),
        "limit": f"{clip!r}f",
    }
    gradient = (
        "lanes_multiply(lanes_load(job->sums + i), lanes_all(job->limit))"
        if clip
        else f"shards_sum(job->sums + i, {apart})"
    )
    text = _UPDATE.format(
        **words,
        gradient=gradient,
        rule={"adamw": _ADAMW, "sgd": _SGD}[optimiser],
        average=_AVERAGE.format(share=f"{1 - average!r}f") if average else "",
    )
    return "\n\n".join([*([_NORM.format(**words)] if clip else []), text])
