"""How packages read the cells of records: what each column holds, where these are not plain numbers alone."""

from datacc.spec.interface import Interface, Port
from datacc.types.record import RecordOptions

Cells = tuple[tuple[str, tuple[str, ...], bool], ...]


def cells_of(port: Port) -> Cells:
    """Kind, values and whether it may be missing, for each column of a record; nothing for plain numbers."""
    if port.type != "record":
        return ()
    options = RecordOptions(**port.options)
    if not (options.categories or options.ordered or options.booleans or options.dates or options.missing):
        return ()
    return tuple((options.kind(name), options.values(name), name in options.missing) for name in options.columns)


def reads_cells(interface: Interface) -> bool:
    """Whether any input is a record whose cells must be read."""
    return any(cells_of(port) for port in interface.inputs)
