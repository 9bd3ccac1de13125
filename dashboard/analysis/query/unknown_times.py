"""Times at which nothing is known of an address that has a name at other times."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

UNDATED = -(1 << 62)
"""The time of records without one, where nodes are codes: before every time there is."""

_EVER, _NEVER = UNDATED + 1, 1 << 62


def dated(frame: pd.DataFrame) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Return `valid_from` and `valid_to` of all rows; what changes tells nothing undated.

    Args:
        frame: `valid_from` and `valid_to`, epoch s, None: open.
    """
    begins, ends = (frame[name].to_numpy(object) for name in ("valid_from", "valid_to"))
    is_open = frame["valid_from"].isna() & frame["valid_to"].notna()
    return np.where(is_open.to_numpy(), _EVER, begins).astype(object), ends


def unknown_times(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what no row of an address tells: the undated, and times between its stretches.

    Args:
        frame: `address`, `vpc_key`, `valid_from`, `valid_to` as in `query.naming.Places`.

    Returns:
        `row`, the position of one row of the same address, `valid_from` and `valid_to`; none
        for addresses of which a row tells at all times.
    """
    bounded = frame["valid_from"].notna() | frame["valid_to"].notna()
    frame = frame.assign(row=np.arange(len(frame)))[bounded.to_numpy()]
    found: list[tuple[int, int, int]] = []
    for _, rows in frame.groupby(["address", "vpc_key"], dropna=False, sort=False):
        known_until, first = UNDATED, int(rows["row"].to_numpy()[0])
        begins = [_EVER if time is None else int(time) for time in rows["valid_from"]]
        ends = [_NEVER if time is None else int(time) for time in rows["valid_to"]]
        for begin, end in sorted(zip(begins, ends, strict=True)):
            if begin > known_until:
                found.append((first, known_until, begin))
            known_until = max(known_until, end)
        if known_until < _NEVER:
            found.append((first, known_until, _NEVER))
    return pd.DataFrame(found, columns=["row", "valid_from", "valid_to"], dtype="int64")
