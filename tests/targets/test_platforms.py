"""Forms for other platforms: what can run here, under an emulator or Node, answers right; the rest has no gaps."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datacc.arrange import arrange
from datacc.emit import emit
from datacc.registry import load
from datacc.runtime import binary, macho
from datacc.runtime.bound import row_type
from datacc.spec.platforms import PLATFORMS
from tests.targets.programs import HOSTILE, PICTURE, RECORD, Packed, packed, unlabelled
from tests.tools import need

BARE = Path(__file__).parent / "bare"
EMULATORS = {"linux-x86-64": "", "linux-aarch64": "qemu-aarch64", "linux-riscv64": "qemu-riscv64"}
ROWS = 70  # more than a command or a package answers at a time


@pytest.fixture(scope="module")
def everywhere(zoo: Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zoo as library, wheel and command for every platform."""
    folder = tmp_path_factory.mktemp("everywhere")
    built = replace(zoo.built, platforms=tuple(PLATFORMS))
    for name in ("library", "wheel", "exe"):
        load("targets", name).make(built, folder)
    return folder


def inputs() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        "picture": random.integers(0, 256, (ROWS, 3, 5, 1), np.uint8),
        "row": random.normal(0, 2, (ROWS, 2)).astype(np.float32),
    }


def packed_rows(zoo: Packed) -> bytes:
    rows = np.zeros(ROWS, row_type(zoo.built.interface.inputs))
    for name, array in inputs().items():
        rows[name] = array
    return rows.tobytes()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_library_has_its_functions_and_needs_nothing(platform: str, everywhere: Path) -> None:
    one = PLATFORMS[platform]
    [path] = (everywhere / platform).glob(f"*zoo{one.library}")
    data = path.read_bytes()
    exported = set(binary.defined_symbols(data))
    assert {"zoo", "zoo_batch", "zoo_runs_here", "zoo_scratch_bytes", "zoo_kind_names"} <= exported
    assert not [name for name in exported if name.startswith(("step", "kernel"))]
    assert binary.undefined_symbols(data) == ()
    assert 1000 < binary.loaded_bytes(data) <= len(data) + 70_000  # some round up to pages
    if one.system == "windows":
        assert b"zoo.dll\0" in data  # the name by which programs that are linked with it look for it
    if one.system == "macos":
        assert b"@rpath/libzoo.dylib\0" in data
        assert set(macho.needed_libraries(data)) <= {"/usr/lib/libSystem.B.dylib"}  # every process has it


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_wheel_carries_the_library_of_its_platform(platform: str, everywhere: Path) -> None:
    one = PLATFORMS[platform]
    [wheel] = everywhere.glob(f"*-py3-none-{'.'.join(one.wheels)}.whl")
    with zipfile.ZipFile(wheel) as archive:
        [inside] = [name for name in archive.namelist() if name.endswith(one.library)]
        [outside] = (everywhere / platform).glob(f"*zoo{one.library}")
        assert archive.read(inside) == outside.read_bytes()
        assert Path(inside).name in archive.read("zoo/__init__.py").decode()


@pytest.mark.parametrize("platform", EMULATORS)
def test_a_command_answers(platform: str, zoo: Packed, everywhere: Path) -> None:
    emulator = [need(EMULATORS[platform])] if EMULATORS[platform] else []
    command = [*emulator, str(everywhere / platform / "zoo")]
    expected = zoo.expected(**inputs())
    raw = subprocess.run([*command, "--raw"], input=packed_rows(zoo), capture_output=True, check=True).stdout
    answers = np.frombuffer(raw, row_type(zoo.built.interface.answers))
    np.testing.assert_array_equal(answers["kind"], expected["kind"])
    np.testing.assert_allclose(answers["kind_scores"], expected["kind_scores"], atol=1e-5)
    text = subprocess.run(command, input=packed_rows(zoo), capture_output=True, check=True).stdout.decode()
    lines = [line.split("\t") for line in text.splitlines()]
    assert [line[0] for line in lines] == [("cat", "dog", "owl")[k] for k in answers["kind"][:, 0]]
    np.testing.assert_allclose([float(line[1]) for line in lines], answers["kind_confidence"][:, 0], atol=5.1e-5)


def test_a_command_says_what_is_wrong(everywhere: Path) -> None:
    command = str(everywhere / "linux-x86-64" / "zoo")
    helped = subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout
    assert "rows of 24 bytes" in helped
    for arguments, data in ((["--nonsense"], b""), (["--raw", "--raw"], b""), ([], b"123")):
        done = subprocess.run([command, *arguments], input=data, capture_output=True)
        assert (done.returncode, done.stderr[:7]) == (2, b"error: ")
    assert subprocess.run([command], input=b"", capture_output=True, check=True).stdout == b""


def test_a_command_answers_each_row_when_it_comes(everywhere: Path, zoo: Packed) -> None:
    """Whoever writes a row and waits for its answer gets it, also when rows come in pieces."""
    rows, size = packed_rows(zoo), row_type(zoo.built.interface.inputs).itemsize
    whole = subprocess.run([everywhere / "linux-x86-64" / "zoo"], input=rows, capture_output=True, check=True).stdout
    with subprocess.Popen(
        [everywhere / "linux-x86-64" / "zoo"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as asked:
        assert asked.stdin is not None
        assert asked.stdout is not None
        for i, line in enumerate(whole.splitlines(keepends=True)):
            for piece in (rows[i * size : i * size + 5], rows[i * size + 5 : (i + 1) * size]):
                asked.stdin.write(piece)
                asked.stdin.flush()
            assert asked.stdout.readline() == line
        asked.stdin.close()
        assert asked.wait() == 0


def test_a_command_writes_names_that_end_no_line(tmp_path: Path) -> None:
    classes = ("a\tb\n", '"quoted" \\', "ünï")
    zoo = packed(tmp_path, RECORD, classes=classes)
    [command] = load("targets", "exe").make(zoo.built, tmp_path)
    rows = np.array([[1, 2], [np.nan, 0]], np.float32)
    texts = {
        option: subprocess.run([command, option], input=rows.tobytes(), capture_output=True, check=True).stdout.decode()
        for option in ("--json", "--scores")
    }
    first, second = map(json.loads, texts["--json"].splitlines())
    expected = zoo.expected(row=rows)
    assert first["label"] == classes[expected["kind"][0, 0]]
    assert list(first["scores"]) == list(classes)
    np.testing.assert_allclose(list(first["scores"].values()), expected["kind_scores"][0], atol=5.1e-5)
    assert first["confidence"] == max(first["scores"].values())
    assert set(second["scores"].values()) == {None}
    lines = texts["--scores"].splitlines()
    assert [line.count("\t") for line in lines] == [4, 4]
    assert "nan" in lines[1]


@pytest.mark.parametrize("name", ["text", "answer", "say", "scratch", "put_score", "memory", "one", "x0", "define"])
def test_a_program_may_be_called_like_a_word_of_the_command(name: str, zoo: Packed, tmp_path: Path) -> None:
    interface = replace(zoo.built.interface, name=name)
    source = emit(arrange(zoo.built.graph, interface.cpu), interface)
    built = replace(zoo.built, interface=interface, source=source, platforms=("linux-x86-64", "linux-aarch64"))
    command, other = load("targets", "exe").make(built, tmp_path)
    done = subprocess.run([command], input=packed_rows(zoo), capture_output=True, check=True).stdout
    assert done == subprocess.run([need("qemu-aarch64"), other], input=packed_rows(zoo), capture_output=True).stdout
    assert done.count(b"\n") == ROWS


LOADER = """
#include <stdint.h>
#include "zoo.h"
__declspec(dllimport) void *LoadLibraryA(const char *name);
__declspec(dllimport) void *GetProcAddress(void *library, const char *name);
__declspec(dllimport) void *GetStdHandle(uint32_t which);
__declspec(dllimport) int WriteFile(void *to, const void *from, uint32_t count, uint32_t *done, void *overlapped);
__declspec(dllimport) void ExitProcess(uint32_t code);
int _fltused = 0;
static zoo_input input = {.picture = {9, 8, 7}, .row = {1.0f, 2.0f}};
static zoo_answer answer;
static zoo_scratch scratch;
void begin(void)
{
    uint32_t done;
    void *library = LoadLibraryA("zoo.dll");
    int (*runs_here)(void) = (int (*)(void))GetProcAddress(library, "zoo_runs_here");
    if (!runs_here()) ExitProcess(3);
    typedef void program(const zoo_input *, zoo_answer *, zoo_scratch *);
    ((program *)GetProcAddress(library, "zoo"))(&input, &answer, &scratch);
    WriteFile(GetStdHandle((uint32_t)-11), &answer, sizeof answer, &done, (void *)0);
    ExitProcess(0);
}
"""


def test_windows_forms_answer_under_wine(everywhere: Path, zoo: Packed, tmp_path: Path) -> None:
    """Wine is too large for `make deps`: this runs where it is already installed."""
    wine = shutil.which("wine64") or shutil.which("wine64", path="/usr/lib/wine")
    if wine is None:
        pytest.skip("there is no wine on this machine\n  try: apt-get install wine64")
    environment = {**os.environ, "WINEPREFIX": str(tmp_path / "wine"), "WINEDEBUG": "-all"}

    def ran(*command: str | Path, given: bytes = b"") -> bytes:
        return subprocess.run(
            command, input=given, capture_output=True, check=True, cwd=tmp_path, env=environment
        ).stdout

    place = everywhere / "windows-x86-64"
    raw = ran(wine, place / "zoo.exe", "--raw", given=packed_rows(zoo))
    answers = np.frombuffer(raw, row_type(zoo.built.interface.answers))
    np.testing.assert_allclose(answers["kind_scores"], zoo.expected(**inputs())["kind_scores"], atol=1e-5)
    assert ran(wine, place / "zoo.exe", given=packed_rows(zoo)).count(b"\n") == ROWS
    (tmp_path / "loader.c").write_text(LOADER)
    shutil.copy(place / "zoo.dll", tmp_path)
    compiler = [
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        "-target",
        "x86_64-windows-gnu",
        "-O1",
        "-nostdlib",
        f"-I{place}",
    ]
    ran(*compiler, "-ffreestanding", "-Wl,--entry=begin", "loader.c", "-o", "loader.exe", "-lkernel32")
    [answer] = np.frombuffer(ran(wine, "loader.exe"), row_type(zoo.built.interface.answers))
    picture = np.zeros((1, 3, 5, 1), np.uint8)
    picture.reshape(-1)[:3] = (9, 8, 7)
    expected = zoo.expected(picture=picture, row=np.array([[1, 2]], np.float32))
    np.testing.assert_allclose(answer["kind_scores"], expected["kind_scores"][0], atol=1e-5)


@pytest.mark.parametrize("cpu", ["x86-64-v2", "x86-64-v3", "x86-64-v4"])
@pytest.mark.parametrize("old", ["qemu64", "Nehalem"])
def test_an_older_processor_gets_a_message_instead_of_a_crash(cpu: str, old: str, tmp_path: Path) -> None:
    zoo = packed(tmp_path, PICTURE, cpu=cpu)
    [command] = load("targets", "exe").make(zoo.built, tmp_path)
    done = subprocess.run([need("qemu-x86_64"), "-cpu", old, str(command)], input=bytes(15), capture_output=True)
    if cpu == "x86-64-v2" and old == "Nehalem":
        assert (done.returncode, done.stdout.count(b"\t")) == (0, 1)
    else:
        assert (done.returncode, done.stderr) == (2, b"error: this program was built for a newer processor\n")


PAGE = """
import { predict, predictBatch, CLASSES } from "zoo";
const [pictures, rows] = JSON.parse(process.argv[2]);
try { predictBatch(pictures, rows.slice(1)); process.exit(1); } catch (e) { if (e.name !== "RangeError") throw e; }
const wrong = [[[1], [1, 2]], [pictures[0], { tail: 1 }], [Array(15).fill(300), [1, 2]], [pictures[0], "x"], ["", 1]];
const refused = wrong.map(([picture, row]) => { try { predict(picture, row); } catch (error) { return error.name; } });
const one = predict(Uint8Array.from(pictures[0].flat(9)), { ears: rows[0][1], tail: rows[0][0] });
console.log(JSON.stringify([CLASSES, predictBatch(pictures, rows), one, refused]));
"""


@pytest.fixture(scope="module")
def package(zoo: Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which npm has installed the zoo."""
    folder = tmp_path_factory.mktemp("npm")
    [path] = load("targets", "npm").make(zoo.built, folder)
    npm = [need("npm"), "install", "--offline", "--no-audit", "--no-fund", f"./{path.name}"]
    subprocess.run(npm, cwd=folder, check=True, capture_output=True)
    return folder


def test_an_npm_package_answers_in_node(zoo: Packed, package: Path) -> None:
    (package / "page.mjs").write_text(PAGE)
    given = json.dumps([array.tolist() for array in inputs().values()])
    done = subprocess.run([need("node"), "page.mjs", given], cwd=package, capture_output=True, text=True, check=True)
    classes, many, one, refused = json.loads(done.stdout)
    expected = zoo.expected(**inputs())
    assert [answer["label"] for answer in many] == [classes[k] for k in expected["kind"][:, 0]]
    scores = [[answer["scores"][name] for name in classes] for answer in many]
    np.testing.assert_allclose(scores, expected["kind_scores"], atol=1e-5)
    assert one == many[0]
    assert refused == ["RangeError", "TypeError", "RangeError", "TypeError", "TypeError"]


def test_names_of_classes_cannot_break_out_of_a_package(tmp_path: Path) -> None:
    classes = ("__proto__", "</script>", "`${alert(1)}`", *HOSTILE)
    [path] = load("targets", "npm").make(packed(tmp_path, RECORD, classes=classes).built, tmp_path)
    subprocess.run(
        [need("npm"), "install", "--offline", f"./{path.name}"], cwd=tmp_path, check=True, capture_output=True
    )
    (tmp_path / "page.mjs").write_text(
        'import { predict, CLASSES } from "zoo";\n'
        "const { scores } = predict([1, 2]);\n"
        "console.log(JSON.stringify([CLASSES, CLASSES.map((name) => Object.hasOwn(scores, name))]));\n"
    )
    done = subprocess.run([need("node"), "page.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [list(classes), [True] * len(classes)]
    text = (tmp_path / "node_modules" / "zoo" / "index.js").read_text()
    assert "</script>" not in text


def test_a_module_of_webassembly_imports_nothing(zoo: Packed, tmp_path: Path) -> None:
    [path] = load("targets", "wasm").make(zoo.built, tmp_path)
    data = path.read_bytes()
    assert set(binary.defined_symbols(data)) == {"memory", "zoo_batch", "zoo_scratch_bytes", "__heap_base"}
    ask = "WebAssembly.compile(require('fs').readFileSync(process.argv[1])).then(m => console.log(JSON.stringify("
    ask += "[WebAssembly.Module.imports(m).length, WebAssembly.Module.exports(m).map(e => e.name).sort()])))"
    done = subprocess.run([need("node"), "-e", ask, str(path)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [0, sorted(binary.defined_symbols(data))]


@pytest.mark.parametrize(("folder", "board"), [("cortex-m4", "mps2-an386"), ("cortex-m7", "mps2-an500")])
def test_a_microcontroller_answers(folder: str, board: str, zoo: Packed, tmp_path: Path) -> None:
    emulator = need("qemu-system-arm")
    load("targets", "cortex_m").make(zoo.built, tmp_path)
    picture, row = (array[0] for array in inputs().values())
    numbers = ", ".join(map(str, picture.reshape(-1)))
    given = f"{{{{{numbers}}}, {{{', '.join(f'{value!s}f' for value in row)}}}}}"
    cpu = {"cortex-m4": "cortex_m4+vfp4d16sp", "cortex-m7": "cortex_m7+fp_armv8d16sp"}[folder]
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "thumb-freestanding-eabihf", f"-mcpu={cpu}", "-O1"]
    free = [
        "-nostdlib",
        "-ffreestanding",
        "-fno-builtin",
        "-static",
        f"-Wl,-T,{BARE / 'ram.ld'}",
        f"-I{tmp_path / folder}",
    ]
    files = [BARE / "main.c", tmp_path / folder / "libzoo.a", "-o", tmp_path / "image.elf"]
    subprocess.run([*command, *free, f"-DINPUT={given}", *files], check=True, capture_output=True, cwd=tmp_path)
    run = [emulator, "-M", board, "-nographic", "-semihosting", "-kernel", str(tmp_path / "image.elf")]
    done = subprocess.run(run, capture_output=True, text=True, check=True, timeout=60, stdin=subprocess.DEVNULL)
    [answer] = np.frombuffer(
        bytes.fromhex(done.stdout.strip() or done.stderr.strip()), row_type(zoo.built.interface.answers)
    )
    expected = zoo.expected(**{name: array[:1] for name, array in inputs().items()})
    assert answer["kind"] == expected["kind"][0, 0]
    np.testing.assert_allclose(answer["kind_scores"], expected["kind_scores"][0], atol=1e-5)


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    """A program as models from elsewhere are: names of any kind, arrays for answers."""
    return unlabelled(tmp_path_factory.mktemp("arrays"))


def test_a_wheel_of_arrays_answers(arrays: Packed, tmp_path: Path) -> None:
    [wheel] = load("targets", "wheel").make(arrays.built, tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    ask = "import sys, json, zoo; a = zoo.predict(json.loads(sys.argv[1]), [1, 2]); b = zoo.predict_batch("
    ask += "[json.loads(sys.argv[1])] * 2, [[1, 2]] * 2)[1]; print(json.dumps([a.map.tolist(), b.value.tolist()]))"
    x = inputs()["picture"][0].reshape(15).astype(np.float32)
    done = subprocess.run(
        [sys.executable, "-c", ask, json.dumps(x.tolist())], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    [expected] = [arrays.expected(**{'in"put.1': x[None], "\n": np.array([[1, 2]], np.float32)})]
    found = json.loads(done.stdout)
    np.testing.assert_allclose(found[0], expected["/map"][0], rtol=1e-5)
    np.testing.assert_allclose(found[1], expected["*/"][0], rtol=1e-5)


def test_an_npm_package_and_a_command_of_arrays_answer(arrays: Packed, tmp_path: Path) -> None:
    [path] = load("targets", "npm").make(arrays.built, tmp_path)
    subprocess.run(
        [need("npm"), "install", "--offline", f"./{path.name}"], cwd=tmp_path, check=True, capture_output=True
    )
    (tmp_path / "page.mjs").write_text(
        'import { predict } from "zoo";\n'
        "const answer = predict(JSON.parse(process.argv[2]), [1, 2]);\n"
        'console.log(JSON.stringify([Array.from(answer["/map"]), Array.from(answer["*/"])]));\n'
    )
    x = inputs()["picture"][0].reshape(15).astype(np.float32)
    given = json.dumps(x.tolist())
    done = subprocess.run([need("node"), "page.mjs", given], cwd=tmp_path, capture_output=True, text=True, check=True)
    expected = arrays.expected(**{'in"put.1': x[None], "\n": np.array([[1, 2]], np.float32)})
    [command] = load("targets", "exe").make(arrays.built, tmp_path)
    row = x.tobytes() + np.array([1, 2], np.float32).tobytes()
    raw = subprocess.run([str(command)], input=row, capture_output=True, check=True).stdout
    from_command = np.frombuffer(raw, np.float32)
    for k, (name, of_command) in enumerate({"/map": from_command[:6], "*/": from_command[6:]}.items()):
        np.testing.assert_allclose(json.loads(done.stdout)[k], expected[name].reshape(-1), rtol=1e-5)
        np.testing.assert_allclose(of_command, expected[name].reshape(-1), rtol=1e-5)
