"""Functionals: what a series of any length comes to in single numbers.

| name | what | unit |
|---|---|---|
| `mean` `median` `minimum` `maximum` `range` | | that of the series |
| `deviation` | standard deviation of the whole, not of a sample | that of the series |
| `variation` | deviation over mean, with the mean's sign; NaN where the mean is 0 | 1 |
| `skewness` `kurtosis` | third and fourth standardised moment (kurtosis of a normal distribution: 3); NaN without deviation | 1 |
| `percentile_20` … | any number from 0 to 100; between two values by a straight line | that of the series |
| `percentile_range_20_80` … | the second percentile less the first | that of the series |
| `trend` | slope of the line of least squares over time | per second |
| `trend_error` | root mean square of what that line leaves | that of the series |
| `rising_slope_mean` `rising_slope_deviation` `falling_…` | steepness between turning points, above 0 | per second |
| `peaks_per_second` | turning points at the top | per second |
| `share` | frames that have a value | 1 |

Frames without a value (NaN) do not count. Slopes and peaks join what lies on either side of them, as openSMILE does; `trend`
keeps their place in time. A series without any value gives NaN for all but `share`.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import RecipeError, nearest

Series = NDArray[np.floating]
Values = NDArray[np.float64]

# A turn smaller than this share of the series' range is none.
TURN_SHARE = 0.1

_RISES = ("rising_slope_mean", "rising_slope_deviation", "falling_slope_mean", "falling_slope_deviation")

DEFAULT = (
    "mean",
    "deviation",
    "minimum",
    "maximum",
    "percentile_20",
    "median",
    "percentile_80",
    "percentile_range_20_80",
    "trend",
    *_RISES,
)


def statistics(series: Series, names: Sequence[str] = DEFAULT, *, hop_seconds: float = 0.010) -> NDArray[np.float32]:
    """Return functionals of series.

    Args:
        series: `[frame]`, or several as `[feature, frame]`; NaN where there is no value.
        names: Functionals from the table above.
        hop_seconds: From one frame to the next.

    Returns:
        float32 `[statistic]`, or `[feature, statistic]`.

    Raises:
        RecipeError: There is no functional of that name.

    Example:
        >>> statistics(np.array([1.0, 2.0, np.nan, 4.0]), ["minimum", "share", "trend"], hop_seconds=1).tolist()
        [1.0, 0.75, 1.0]
    """
    functions = [_function(name) for name in names]
    rows = [[function(row, hop_seconds) for function in functions] for row in np.atleast_2d(series)]
    found = np.array(rows, dtype=np.float32).reshape(-1, len(names))
    return found[0] if np.ndim(series) == 1 else found


def turning_points(series: Series, share: float = TURN_SHARE) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return where a series turns: its local extremes, but for turns smaller than a share of its range.

    A valley moves on to any lower one before the next peak. A peak moves on to a higher one only across a dip at least as
    deep as the least turn, so that the shoulders of a peak do not displace it (openSMILE's rule).

    Args:
        series: `[frame]`, finite.
        share: Of the range between lowest and highest value, which a turn must reach.

    Returns:
        Places `[turn]`, rising, and whether each is a peak, `[turn]`; peaks and valleys take turns. A plateau turns where
        it begins. The first and the last frame are no turning points.
    """
    steps = np.sign(np.diff(series))
    moving = np.flatnonzero(steps)
    signs = steps[moving]
    turning = np.flatnonzero(signs[1:] != signs[:-1])
    places, tops = moving[turning] + 1, signs[turning] > 0
    least = share * float(np.ptp(series)) if len(series) else 0.0
    turns: list[tuple[int, bool]] = []
    value = deepest = float(series[0]) if len(series) else 0.0
    for place, height, peak in zip(places.tolist(), series[places].tolist(), tops.tolist(), strict=True):
        if not turns or turns[-1][1] != peak:
            if abs(height - value) >= least:
                turns.append((place, peak))
                value = deepest = height
            else:
                deepest = max(deepest, height) if peak else min(deepest, height)
        elif height < value if not peak else height > value and height - deepest >= least:
            turns[-1] = (place, peak)
            value = deepest = height
    return np.array([place for place, _ in turns], dtype=np.intp), np.array([peak for _, peak in turns], dtype=bool)


def slopes(series: Series, hop_seconds: float) -> tuple[Values, Values]:
    """Return the steepness of each rise and each fall between turning points, the ends included, above 0, per second."""
    places, _ = turning_points(series)
    corners = np.unique(np.concatenate([[0], places, [len(series) - 1]]))
    steepness = np.diff(series[corners].astype(np.float64)) / (np.diff(corners) * hop_seconds)
    return steepness[steepness > 0], -steepness[steepness < 0]


def _function(name: str) -> Callable[[Series, float], float]:
    if name in _WITH_TIME:
        return _WITH_TIME[name]
    numbers = name.removeprefix("percentile_").removeprefix("range_").split("_")
    if name.startswith("percentile_") and len(numbers) == 1 + name.startswith("percentile_range_"):
        try:
            shares = [float(number) for number in numbers]
        except ValueError:
            shares = [-1.0]
        if all(0 <= share <= 100 for share in shares):
            return lambda series, _: _percentile(_present(series), shares)
    if name in _PLAIN:
        plain = _PLAIN[name]
        return lambda series, _: plain(_present(series).astype(np.float64)) if len(_present(series)) else np.nan
    known = [*_PLAIN, *_WITH_TIME, "percentile_20", "percentile_range_20_80"]
    raise RecipeError(f"no functional {name!r}{nearest(name, known)}; there are {', '.join(known)}")


def _present(series: Series) -> Series:
    return series[~np.isnan(series)]


def _percentile(values: Series, shares: list[float]) -> float:
    """Return the last of some percentiles less the first, or the only one."""
    if len(values) == 0:
        return np.nan
    found = np.percentile(values, shares)
    return float(found[-1] - found[0]) if len(shares) > 1 else float(found[0])


def _moment(values: Values, order: int) -> float:
    deviation = values.std()
    return float(np.mean(((values - values.mean()) / deviation) ** order)) if deviation > 0 else np.nan


def _line(series: Series, hop_seconds: float) -> tuple[float, float]:
    """Return slope per second and root mean square of the rest."""
    present = np.flatnonzero(~np.isnan(series))
    if len(present) < 2:
        return np.nan, np.nan
    times, values = present * hop_seconds, series[present].astype(np.float64)
    times, values = times - times.mean(), values - values.mean()
    slope = float(times @ values / (times @ times))
    return slope, float(np.sqrt(np.mean((values - slope * times) ** 2)))


def _slope(falling: bool, summary: Callable[[Values], float]) -> Callable[[Series, float], float]:
    def function(series: Series, hop_seconds: float) -> float:
        values = _present(series)
        steepness = slopes(values, hop_seconds)[falling] if len(values) else np.empty(0)
        return summary(steepness) if len(steepness) else np.nan

    return function


def _peaks_per_second(series: Series, hop_seconds: float) -> float:
    values = _present(series)
    return float(turning_points(values)[1].sum() / (len(values) * hop_seconds)) if len(values) else np.nan


_PLAIN: dict[str, Callable[[Values], float]] = {
    "mean": lambda values: float(values.mean()),
    "median": lambda values: float(np.median(values)),
    "minimum": lambda values: float(values.min()),
    "maximum": lambda values: float(values.max()),
    "range": lambda values: float(np.ptp(values)),
    "deviation": lambda values: float(values.std()),
    "variation": lambda values: float(values.std() / values.mean()) if values.mean() else np.nan,
    "skewness": lambda values: _moment(values, 3),
    "kurtosis": lambda values: _moment(values, 4),
}

_WITH_TIME: dict[str, Callable[[Series, float], float]] = {
    "trend": lambda series, hop_seconds: _line(series, hop_seconds)[0],
    "trend_error": lambda series, hop_seconds: _line(series, hop_seconds)[1],
    "peaks_per_second": _peaks_per_second,
    "share": lambda series, _: float(np.mean(~np.isnan(series))) if len(series) else np.nan,
    "rising_slope_mean": _slope(False, lambda values: float(values.mean())),
    "rising_slope_deviation": _slope(False, lambda values: float(values.std())),
    "falling_slope_mean": _slope(True, lambda values: float(values.mean())),
    "falling_slope_deviation": _slope(True, lambda values: float(values.std())),
}
