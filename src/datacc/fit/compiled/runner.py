"""The C that runs steps on several threads: shards and chunks are claimed by counters, all meet between phases."""

from typing import Final

from datacc.fit.compiled.draft import Draft

RUNNER: Final = """\
/* Everything that a run reads and writes. Threads enter it once for many steps. */
typedef struct {{
    float *whole, *sums, *kept, *scratch, *moments, *losses, *squares;
    const float *rates;
    const void *inputs[{inputs}];
    const void *last[{inputs}];    /* the inputs of the last step alone, with room behind them */
    void (*rest)(void);    /* gives the processor to others */
    int32_t rows, steps, threads, stopped;
    int32_t until;    /* how many of the steps within a look to go: what follows is not wanted */
    float limit;
    int32_t arrived, generation;
    int32_t claimed[64];
}} fit_job;

/* The batch of a step, each example of which takes so many bytes. A vector may be read past its end. */
INLINE const void *input(const fit_job *job, int i, int step, size_t bytes)
{{
    if (step + 1 == job->steps) return job->last[i];
    return (const char *)job->inputs[i] + (size_t)step * job->rows * bytes;
}}

/* The next of `count` pieces of work of a stage, or one that is not there when all are taken. */
INLINE int claim(fit_job *job, int stage, int step, int count)
{{
    return __atomic_fetch_add(&job->claimed[stage], 1, __ATOMIC_RELAXED) - step * (count + job->threads);
}}

/* Wait for all threads; true for the last one, which goes on alone until it opens the gate. */
INLINE int is_last(fit_job *job, int *seen)
{{
    *seen = __atomic_load_n(&job->generation, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&job->arrived, 1, __ATOMIC_ACQ_REL) == job->threads) return 1;
    for (int spins = 1; __atomic_load_n(&job->generation, __ATOMIC_ACQUIRE) == *seen; spins++)
        if (spins % 1024 == 0) job->rest();
    return 0;
}}

INLINE void open_gate(fit_job *job)
{{
    job->arrived = 0;
    __atomic_add_fetch(&job->generation, 1, __ATOMIC_ACQ_REL);
}}"""


def run(draft: Draft, *, clip: float, chunks: int) -> str:
    """The function NAME_run(job, thread)."""
    name = draft.name
    lines = [
        f"float *const scratch = job->scratch + (size_t)thread * {draft.scratch_size};",
        "int seen = 0, k;",
        "(void)seen, (void)k;",
        "for (int step = 0; step < job->steps; step++) {",
    ]
    stage = 0

    def parallel(count: int, work: str) -> None:
        nonlocal stage
        lines.append(f"    while ((k = claim(job, {stage}, step, {count})) < {count}) {work};")
        stage += 1

    def meet(*work: str) -> None:
        lines.append("    if (is_last(job, &seen)) {")
        lines.extend(f"        {one};" for one in (*work, "open_gate(job)"))
        lines.append("    }")

    if draft.turned:
        cases = " ".join(f"case {i}: {name}_turn{i}(job->whole); break;" for i in range(len(draft.turned)))
        parallel(len(draft.turned), f"switch (k) {{ {cases} }}")
    meet(f"{name}_once0(job, step)")
    for number in range(len(draft.steps)):
        parallel(draft.shards, f"{name}_phase{number}(job, step, k, scratch)")
        meet(f"{name}_once{number + 1}(job, step)")
    if chunks:
        lines.append("    if (job->stopped) return;")
        if clip:
            parallel(chunks, "measure(job, k)")
            meet("limited(job)")
        parallel(chunks, "update(job, step, k)")
        meet(*([f"{name}_end(job)"] if draft.carried else []))
    lines.append("}")
    body = "\n".join(f"    {line}" for line in lines)
    return f"ENTRY void {name}_run(fit_job *job, int thread)\n{{\n{body}\n}}"
