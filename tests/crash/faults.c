/* Preloaded into datacc and into its git: counts the calls that change files below one folder, and spoils one of them.
 *
 * What to do, and what was seen, lies in memory that all processes of a trial share (the file $DATACC_FAULTS).
 * tests/crash/server.py has the same struct. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OFF, COUNT, KILL, TEAR, FULL, BROKEN, SHORT, ALONE }; /* TEAR: half of a write, then death. FULL: from then on. ALONE: this process dies. */
enum { WRITE = 1, SYNC, MAKE, NAME, REMOVE };         /* kinds of calls */
enum { KEPT = 4096, LONGEST = 200 };

typedef struct {
    int mode, target, calls, fired;
    char folder[LONGEST]; /* absolute, with a / at the end */
    struct { int kind; char path[LONGEST - 4]; } seen[KEPT];
} shared;

static shared *state;

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("DATACC_FAULTS");
    if (!name) return;
    int file = open(name, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void *found = mmap(NULL, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (found != MAP_FAILED) state = found;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void die(void) {
    kill(0, SIGKILL);
    for (;;) pause();
}

/* Whether the path (absolute by now) is one of those that count. */
static int counts(const char *path) {
    size_t length = strlen(state->folder);
    return !strncmp(path, state->folder, length);
}

static const char *absolute(int folder, const char *path, char *room) {
    if (path[0] == '/') return path;
    ssize_t got;
    if (folder == AT_FDCWD) {
        if (!getcwd(room, 4000)) return "";
        got = (ssize_t)strlen(room);
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        if ((got = readlink(link, room, 4000)) < 0) return "";
    }
    snprintf(room + got, 4096 - (size_t)got, "/%s", path);
    return room;
}

static const char *opened(int file, char *room) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t got = readlink(link, room, 4000);
    room[got < 0 ? 0 : got] = 0;
    return room;
}

/* Counts the call; what is to happen with it: OFF for nothing. Errors of the calls before are kept. */
static int meet(int kind, const char *path) {
    if (!state || state->mode == OFF || !counts(path)) return OFF;
    int number = __atomic_add_fetch(&state->calls, 1, __ATOMIC_SEQ_CST);
    if (number <= KEPT) {
        state->seen[number - 1].kind = kind;
        strncpy(state->seen[number - 1].path, path + strlen(state->folder), LONGEST - 5);
    }
    int mode = state->mode, is_it = number == state->target;
    if (mode == COUNT) return OFF;
    if (mode == FULL) {
        if (number < state->target || kind == REMOVE || (kind == SYNC && !is_it)) return OFF;
        state->fired = 1;
        return FULL;
    }
    if (!is_it) return OFF;
    state->fired = 1;
    if (mode == ALONE) kill(getpid(), SIGKILL);
    if (mode == KILL || (mode == TEAR && kind != WRITE)) die();
    return mode;
}

static int at(int kind, int folder, const char *path) {
    char room[4200];
    if (!state || state->mode == OFF) return OFF;
    return meet(kind, absolute(folder, path, room));
}

static int on(int kind, int file) {
    char room[4200];
    if (!state || state->mode == OFF) return OFF;
    return meet(kind, opened(file, room));
}

/* The error that a spoilt call gives. */
static int failed(int fault) {
    errno = fault == FULL ? ENOSPC : EIO;
    return -1;
}

#define SPOILT(fault) ((fault) == FULL || (fault) == BROKEN)

#define WRITING(name, type, rest, ...)                                       \
    ssize_t name(int file, const void *data, size_t size rest) {             \
        int fault = on(WRITE, file);                                         \
        if (SPOILT(fault)) return failed(fault);                             \
        if ((fault == SHORT || fault == TEAR) && size > 1) size /= 2;        \
        ssize_t done = REAL(name)(file, data, size __VA_ARGS__);             \
        if (fault == TEAR) die();                                            \
        return done;                                                         \
    }
#define COMMA ,
WRITING(write, , , )
WRITING(pwrite, , COMMA off_t place, , place)
WRITING(pwrite64, , COMMA off64_t place, , place)

ssize_t writev(int file, const struct iovec *parts, int count) {
    int fault = on(WRITE, file);
    if (SPOILT(fault)) return failed(fault);
    if ((fault == SHORT || fault == TEAR) && count > 1) count = 1;
    ssize_t done = REAL(writev)(file, parts, count);
    if (fault == TEAR) die();
    return done;
}

ssize_t sendfile(int to, int from, off_t *place, size_t size) {
    int fault = on(WRITE, to);
    return SPOILT(fault) ? failed(fault) : REAL(sendfile)(to, from, place, size);
}

ssize_t sendfile64(int to, int from, off64_t *place, size_t size) {
    int fault = on(WRITE, to);
    return SPOILT(fault) ? failed(fault) : REAL(sendfile64)(to, from, place, size);
}

ssize_t copy_file_range(int from, off64_t *start, int to, off64_t *place, size_t size, unsigned flags) {
    int fault = on(WRITE, to);
    return SPOILT(fault) ? failed(fault) : REAL(copy_file_range)(from, start, to, place, size, flags);
}

#define ON(kind, name, parameters, ...)                                      \
    int name parameters {                                                    \
        int fault = on(kind, file);                                          \
        return SPOILT(fault) ? failed(fault) : REAL(name)(__VA_ARGS__);      \
    }
ON(SYNC, fsync, (int file), file)
ON(SYNC, fdatasync, (int file), file)
ON(WRITE, ftruncate, (int file, off_t size), file, size)
ON(WRITE, ftruncate64, (int file, off64_t size), file, size)

#define AT(kind, name, folder, path, parameters, ...)                        \
    int name parameters {                                                    \
        int fault = at(kind, folder, path);                                  \
        return SPOILT(fault) ? failed(fault) : REAL(name)(__VA_ARGS__);      \
    }
AT(NAME, rename, AT_FDCWD, to, (const char *from, const char *to), from, to)
AT(NAME, renameat, there, to, (int here, const char *from, int there, const char *to), here, from, there, to)
AT(NAME, link, AT_FDCWD, to, (const char *from, const char *to), from, to)
AT(NAME, linkat, there, to, (int here, const char *from, int there, const char *to, int flags), here, from, there, to, flags)
AT(NAME, symlink, AT_FDCWD, to, (const char *from, const char *to), from, to)
AT(REMOVE, unlink, AT_FDCWD, path, (const char *path), path)
AT(REMOVE, unlinkat, folder, path, (int folder, const char *path, int flags), folder, path, flags)
AT(REMOVE, rmdir, AT_FDCWD, path, (const char *path), path)
AT(MAKE, mkdir, AT_FDCWD, path, (const char *path, mode_t mode), path, mode)
AT(MAKE, mkdirat, folder, path, (int folder, const char *path, mode_t mode), folder, path, mode)

#define TAKE_MODE(flags, mode)           \
    do {                                 \
        va_list rest;                    \
        va_start(rest, flags);           \
        mode = va_arg(rest, mode_t);     \
        va_end(rest);                    \
    } while (0)

#define OPENING(name)                                                        \
    int name(const char *path, int flags, ...) {                             \
        mode_t mode = 0;                                                     \
        if (flags & (O_CREAT | __O_TMPFILE)) {                               \
            TAKE_MODE(flags, mode);                                          \
            int fault = at(MAKE, AT_FDCWD, path);                            \
            if (fault == FULL && !access(path, F_OK)) fault = OFF;           \
            if (SPOILT(fault)) return failed(fault);                         \
        }                                                                    \
        return REAL(name)(path, flags, mode);                                \
    }
OPENING(open)
OPENING(open64)

#define OPENING_AT(name)                                                     \
    int name(int folder, const char *path, int flags, ...) {                 \
        mode_t mode = 0;                                                     \
        if (flags & (O_CREAT | __O_TMPFILE)) {                               \
            TAKE_MODE(flags, mode);                                          \
            int fault = at(MAKE, folder, path);                              \
            if (SPOILT(fault)) return failed(fault);                         \
        }                                                                    \
        return REAL(name)(folder, path, flags, mode);                        \
    }
OPENING_AT(openat)
OPENING_AT(openat64)

/* Streams (some small files of git): opening counts, and so does closing, which writes. */
#define STREAM(name)                                                         \
    FILE *name(const char *path, const char *how) {                          \
        int fault = strchr("wa", how[0]) ? at(MAKE, AT_FDCWD, path) : OFF;   \
        if (SPOILT(fault)) return failed(fault), (FILE *)NULL;               \
        return REAL(name)(path, how);                                        \
    }
STREAM(fopen)
STREAM(fopen64)

int fclose(FILE *stream) {
    int file = fileno(stream);
    int fault = file >= 0 && (fcntl(file, F_GETFL) & O_ACCMODE) != O_RDONLY ? on(WRITE, file) : OFF;
    if (fault == TEAR) die();
    if (SPOILT(fault)) {
        int end = dup(file); /* what was not written yet is lost */
        struct stat now;
        int known = end >= 0 && !fstat(end, &now);
        REAL(fclose)(stream);
        if (known && REAL(ftruncate)(end, now.st_size)) errno = 0;
        if (end >= 0) close(end);
        return failed(fault);
    }
    return REAL(fclose)(stream);
}
