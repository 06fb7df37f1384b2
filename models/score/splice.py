"""Put new values into some rows of a column."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Places = npt.NDArray[np.intp]


def splice(old: pa.ChunkedArray, rows: Places, new: pa.Array) -> pa.Array:
    """Return a column with other values in some rows."""
    place = np.arange(len(old))
    place[rows] = len(old) + np.arange(len(new))
    whole = pa.concat_arrays([*old.chunks, new])
    return whole.take(pa.array(place))
