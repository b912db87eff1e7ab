"""Winograd's convolution F(2 × 2, 3 × 3): 16 products for four outputs instead of 36, between two cheap transforms.

Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015, section 4.1.
"""

from typing import Final

import numpy as np

from datacc.emit.bands import Band, Weights, filled
from datacc.emit.blocks import PLANES, Blocks, tiles_of
from datacc.emit.form import Form
from datacc.emit.piece import Piece, at, times
from datacc.emit.tiles import best_tile, cover
from datacc.emit.walk import at_most, call, loop, walk
from datacc.ir.plan import Place

G: Final = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])  # the transform of weights


def winograd(form: Form, name: str) -> Piece:
    """The step of a convolution in this form."""
    blocks = Blocks.of(form)
    table, weights = [], {f"{name}_bias": filled(form.bias)}
    for band, serial in _numbered(blocks):
        table += [*_walk(blocks, band, serial), *_product(blocks, band, serial)]
        weights[f"{name}_weight{serial}"] = transformed(form.weight, band)
    body = [f"float *const products = scratch + {PLANES * blocks.window_plane};"]
    for first_y, end_y, rows, columns_of in cover(blocks.tile, form.out.height, form.out.width):
        y = "y" if end_y - first_y > rows else str(first_y)
        row: list[str] = []
        for first_x, end_x, columns in columns_of:
            x = "x" if end_x - first_x > columns else str(first_x)
            row += loop("x", first_x, end_x, columns, _block(blocks, name, y, x, rows, columns))
        body += loop("y", first_y, end_y, rows, row)
    return Piece(table=tuple(table), body=tuple(body), weights=weights)


def transformed(weight: Weights, band: Band) -> Weights:
    """Weights (O, 3, 3, C) of a band in the order of the products: block, plane, input channel, output channel."""
    padded = filled(weight)[band.first :][: band.blocks * band.width].astype(np.float64)
    planes = np.einsum("iy,jx,oyxc->oijc", G, G, padded).astype(np.float32)
    blocks = planes.reshape(band.blocks, band.width, PLANES, weight.shape[3])
    return np.ascontiguousarray(blocks.transpose(0, 2, 3, 1)).reshape(-1)


def _numbered(blocks: Blocks) -> list[tuple[Band, str]]:
    """Bands, and what follows the names of what belongs to them."""
    return [(band, str(i) if i > 1 else "") for i, band in enumerate(blocks.bands, 1)]


def _walk(blocks: Blocks, band: Band, serial: str) -> tuple[str, ...]:
    form = blocks.form
    return walk(
        "winograd_walk",
        f"walk{serial}",
        channels=blocks.channels,
        window_plane=blocks.window_plane,
        width=band.width,
        product_plane=blocks.product_plane,
        in_row=form.source.row,
        in_pixel=form.source.pixel,
        out_row=form.out.row,
        out_pixel=form.out.pixel,
        residual_row=form.residual.row if form.residual else 0,
        residual_pixel=form.residual.pixel if form.residual else 0,
        relu=int(form.relu),
        most=at_most(form.most),
    )


def _product(blocks: Blocks, band: Band, serial: str) -> tuple[str, ...]:
    """The table of the products: a convolution of one tap, a tile for a pixel."""
    depth = blocks.form.weight.shape[3]
    return walk(
        "conv_walk",
        f"product{serial}",
        taps=1,
        runs=1,
        run=depth,
        next_pixel=blocks.channels,
        out_pixel=band.width,
    )


def _block(blocks: Blocks, name: str, y: str, x: str, rows: int, columns: int) -> list[str]:
    """What one block of rows × columns outputs takes: windows, then products and outputs of each band."""
    form = blocks.form
    source = at("in", form.origin, times(y, form.source.row), times(x, form.source.pixel))
    size = str(rows), str(columns)
    lines = call(f"kernel_winograd_in{blocks.suffix}", "&walk", *size, source, "scratch")
    for band, serial in _numbered(blocks):
        block = "block" if band.blocks > 1 else ""
        channel = times(block, band.width)
        inner = _products(
            blocks, band, serial, at(f"{name}_weight{serial}", _matrices(band, form, block)), tiles_of(rows, columns)
        )
        inner += call(
            f"kernel_winograd_out{band.suffix}",
            f"&walk{serial}",
            *size,
            "products",
            at(f"{name}_bias", band.first, channel),
            _pixel("residual", form.residual, y, x, band.first, channel) if form.residual else "NULL",
            _pixel("out", form.out, y, x, band.first, channel),
        )
        lines += loop("block", 0, band.blocks, 1, inner)
    return lines


def _matrices(band: Band, form: Form, block: str) -> str:
    return times(block, PLANES * form.weight.shape[3] * band.width)


def _products(blocks: Blocks, band: Band, serial: str, weight: str, tiles: int) -> list[str]:
    """The products of all planes with a block of weights."""
    depth, lines = blocks.form.weight.shape[3], list[str]()
    tile = best_tile(1, tiles, band.vectors, depth, blocks.form.cpu)
    for _, _, _, columns_of in cover(tile, 1, tiles):
        for first, end, columns in columns_of:
            t = "t" if end - first > columns else str(first)
            arguments = (
                f"&product{serial}",
                "1",
                str(columns),
                str(band.vectors),
                at("scratch", times("plane", blocks.window_plane), times(t, blocks.channels)),
                at(weight, times("plane", depth * band.width)),
                "NULL",
                "NULL",
                at("products", times("plane", blocks.product_plane), times(t, band.width)),
            )
            lines += loop("t", first, end, columns, call(f"kernel_conv{band.suffix}", *arguments))
    return loop("plane", 0, PLANES, 1, lines)


def _pixel(name: str, place: Place, y: str, x: str, channel: int, more: str) -> str:
    return at(name, place.first + channel, more, times(y, place.row), times(x, place.pixel))
