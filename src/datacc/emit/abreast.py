"""Two output pixels in one wide vector: for convolutions of eight channels, which fill half of it."""

from dataclasses import replace

import numpy as np

from datacc.emit.bands import Weights, filled
from datacc.emit.form import Form
from datacc.ir.plan import LANES


def abreast(form: Form) -> Form:
    """The form with two pixels side by side in each vector where that is possible and faster; else as it is.

    Neighbours lie side by side in memory, so two of them are one vector of outputs. Where every channel reads its
    own, two windows are one vector of inputs as well, if they move on by single pixels. Other windows become one that
    holds both, with zeros in the weights of each where it does not reach.
    """
    if not form.cpu.wide or form.out.pixel != LANES or form.out.width % 2:
        return form
    if form.is_depthwise:
        fits = form.stride[1] == 1 and form.source.pixel == LANES
        return _both(form, form.weight, form.weight) if fits else form
    if form.groups > 1 or form.dilation[1] > 1:
        return form
    left, right = [(0, 0)] * 4, [(0, 0)] * 4
    left[2], right[2] = (0, form.stride[1]), (form.stride[1], 0)
    both = _both(form, np.pad(form.weight, left), np.pad(form.weight, right))
    return both if both.cycles < form.cycles else form


def _both(form: Form, *weights: Weights) -> Form:
    """The form with the weights of its pixels one after the other."""
    filled_ = [filled(weight) for weight in weights]
    return replace(
        form,
        weight=np.concatenate(filled_),
        bias=np.concatenate([filled(form.bias) for _ in weights]),
        abreast=len(weights),
    )
