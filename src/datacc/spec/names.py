"""The names that become identifiers in C, Python and JavaScript, package names and file names, and their one rule."""

import keyword
import re
import sys
import unicodedata
from typing import Final

from datacc.errors import SpecError

LONGEST: Final = 48
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")

_C = """alignas alignof asm auto bool break case char const constexpr continue default do double else enum extern false
float for goto if inline int long nullptr register restrict return short signed sizeof static struct switch
thread_local true typedef typeof union unsigned void volatile while main abs acos asin atan calloc ceil cos exit exp
fabs floor fmod free labs log malloc memcmp memcpy memmove memset pow printf puts round sin sqrt strlen tan trunc
int8_t int16_t int32_t int64_t ptrdiff_t size_t uint8_t uint16_t uint32_t uint64_t wchar_t"""
_LIBC = """abort accept access alarm atoi bind brk chdir clock close connect daemon div dup environ erf errno fork gamma
getenv index ioctl j0 j1 jn kill link listen mmap nice open optarg pause pipe poll qsort raise rand random read realloc
recv remove rename rewind rindex rint scanf send shutdown signal sleep socket stat stderr stdin stdout sync syscall
system time times truncate umask unlink usleep wait write y0 y1 yn"""
_JAVASCRIPT = """arguments await catch class debugger delete eval export extends finally function implements import in
instanceof interface let new null package private protected public super this throw try typeof undefined var with
yield"""
_FILES = "aux con nul prn com1 com2 com3 com4 lpt1 lpt2 lpt3 lpt4 node_modules favicon"
_NODE = """assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain
events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl sqlite
stream string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib"""
_RESERVED: Final = frozenset((*_C.split(), *_JAVASCRIPT.split(), *_FILES.split(), *map(str.lower, keyword.kwlist)))
_TAKEN_SYMBOLS: Final = frozenset(_LIBC.split())  # linked into another program, one of these would replace libc's
_TAKEN_MODULES: Final = frozenset(
    {*sys.stdlib_module_names, *_NODE.split(), "datacc", "numpy", "pip", "setuptools", "wheel"}
)


def check_name(name: str, *, module: bool = False) -> str:
    """`name` itself when every target language can carry it; a `module` is also a function of C and imported in Python.

    Raises `SpecError` with the nearest name that would do.
    """
    if len(name) > LONGEST:
        raise SpecError(
            f"{_short(name)} has {len(name):,} characters; {LONGEST} are allowed", tries=_better(name, module)
        )
    if not _NAME.fullmatch(name):
        rule = "a name is made of a-z, 0-9 and _, and begins with a letter"
        raise SpecError(f"{_short(name)}: {rule}", tries=_better(name, module))
    if name in _RESERVED:
        raise SpecError(f"{name!r} is a reserved word of a target language", tries=_better(name, module))
    if module and name in _TAKEN_SYMBOLS:
        raise SpecError(f"{name!r} is a name of the C library already", tries=_better(name, module))
    if module and name in _TAKEN_MODULES:
        raise SpecError(f"{name!r} is the name of a module of Python or Node already", tries=_better(name, module))
    return name


def identifier(text: str, *, fallback: str = "program", module: bool = False) -> str:
    """The nearest name to any `text` that `check_name` accepts."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[: LONGEST - 2].rstrip("_")
    if not name:
        name = fallback
    if name[0].isdigit():
        name = f"n{name}"
    taken = name in _RESERVED or (module and name in _TAKEN_SYMBOLS | _TAKEN_MODULES)
    return f"{name}_1" if taken else name


def _better(name: str, module: bool) -> list[str]:
    return [f'"{identifier(name, module=module)}"']


def _short(name: str) -> str:
    return repr(name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…")
