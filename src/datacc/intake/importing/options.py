"""What the user says about an import."""

from datacc.frozen import frozen


@frozen
class ImportOptions:
    """Which columns are what; everything left out is inferred.

    `label` is the column with the class, or a name for it where the folder tells the class. `group`: rows of one
    group never straddle two splits. `split`: learn, tune, judge or words like them. `key`: tells equal inputs apart.
    `inputs`: the columns to learn from. `skip_bad`: leave out what cannot be read instead of refusing.
    `type`: what labels are: "label", "labels" or "number". `classes`: new ones that come first, in this order.
    """

    label: str | None = None
    group: str | None = None
    split: str | None = None
    key: str | None = None
    inputs: tuple[str, ...] | None = None
    skip_bad: bool = False
    type: str | None = None
    classes: tuple[str, ...] = ()
