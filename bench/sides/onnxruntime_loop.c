/* Answers inputs one by one with onnxruntime's C interface: inputs and answers lie in tensors that are made once.
 * `api` is its table of functions, in which a place never changes; slots are counted in onnxruntime_c_api.h. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ENV = 3, SESSION = 7, RUN = 9, OPTIONS = 10, THREADS = 24, TENSOR = 49, MEMORY = 69 };
enum { MOST = 4 };

typedef const void *const *table;
typedef void *(*create)(int level, const char *name, void **out);
typedef void *(*session_of)(void *env, const char *path, void *options, void **out);
typedef void *(*options_of)(void **out);
typedef void *(*threads_of)(void *options, int count);
typedef void *(*memory_of)(int allocator, int kind, void **out);
typedef void *(*tensor_of)(void *memory, void *data, size_t bytes, const int64_t *shape, size_t rank, int type, void **out);
typedef void *(*run_of)(void *session, void *options, const char *const *in, void *const *inputs, size_t n,
                        const char *const *out, size_t m, void **outputs);

typedef struct {
    const char *name;
    void *data;
    size_t bytes;
    const int64_t *shape;
    size_t rank;
    int type;
} tensor;

static run_of run;
static void *session, *values[MOST];
static const char *names[MOST];
static tensor first;
static size_t inputs, answers;

/* Opens the model at `path` on one thread; the first tensors are its inputs, the others its answers. 0 when all went well. */
int open_model(table api, const char *path, const tensor *tensors, size_t ins, size_t count)
{
    void *env = 0, *options = 0, *memory = 0;
    if (count > MOST || ((create)api[ENV])(3, "bench", &env) || ((options_of)api[OPTIONS])(&options)) return 1;
    if (((threads_of)api[THREADS])(options, 1) || ((memory_of)api[MEMORY])(1, 0, &memory)) return 2;
    if (((session_of)api[SESSION])(env, path, options, &session)) return 3;
    for (size_t i = 0; i < count; i++) {
        const tensor *t = &tensors[i];
        names[i] = t->name;
        if (((tensor_of)api[TENSOR])(memory, t->data, t->bytes, t->shape, t->rank, t->type, &values[i])) return 4;
    }
    run = (run_of)api[RUN];
    first = tensors[0];
    inputs = ins;
    answers = count - ins;
    return 0;
}

/* Copies each row into the first input tensor and answers it. 0 when all went well. */
int answer_rows(const char *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        memcpy(first.data, rows + i * first.bytes, first.bytes);
        if (run(session, 0, names, values, inputs, names + inputs, answers, values + inputs)) return 1;
    }
    return 0;
}
