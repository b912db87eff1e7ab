"""A built program in the form of each platform that was asked for: the judged library here, C and library elsewhere."""

from collections.abc import Iterator
from dataclasses import replace

from datacc.arrange import arrange
from datacc.emit import Source, emit
from datacc.frozen import frozen
from datacc.runtime import cross
from datacc.runtime.machine import here
from datacc.spec.cpus import Cpu
from datacc.spec.interface import Interface
from datacc.spec.platforms import Platform, platform_named
from datacc.targets import Built


@frozen(eq=False)
class Form:
    """A program for one platform: its interface and C say for which processor; `is_here` tells this machine's."""

    platform: Platform
    cpu: Cpu
    interface: Interface
    source: Source
    is_here: bool


def forms(built: Built) -> Iterator[Form]:
    """The form of every platform that was asked for, in that order."""
    names = built.platforms or (here().name,)
    for name in names:
        yield form(built, platform_named(name))


def form(built: Built, platform: Platform) -> Form:
    """The program for one platform: laid out anew where its processor is another one."""
    cpu = platform.cpu(built.interface.cpu)
    interface, source = built.interface, built.source
    if cpu.name != interface.cpu:
        interface = replace(interface, cpu=cpu.name)
        plan, *narrower = (arrange(graph, cpu.name) for graph in (built.graph, *built.narrower))
        source = emit(plan, interface, narrower)
    is_here = platform.name == here().name and cpu.name == built.interface.cpu
    return Form(platform=platform, cpu=cpu, interface=interface, source=source, is_here=is_here)


def library(built: Built, one: Form) -> bytes:
    """The shared library of a form: here the very bytes that were judged. Raises `ToolchainError`."""
    if one.is_here:
        return built.library.path.read_bytes()
    return cross.library(one.source, one.platform, one.cpu)
