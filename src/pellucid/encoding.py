"""An encoding is a table's encoder as a step of scikit-learn's pipelines: learnt anew in each fit.

In cross-validation it therefore never sees the rows that are held out. Needs polars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator, TransformerMixin

from pellucid.preprocessing import TableEncoder

if TYPE_CHECKING:
    import polars

    from pellucid.columns import Floats


class TableEncoding(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Text columns become one-hot, numbers are scaled, missing values filled in.

    Parameters
    ----------
    scaling : of number columns, a name of `pellucid.SCALERS`.

    Attributes
    ----------
    encoder_ : the `TableEncoder` of the last fit.

    Examples
    --------
    >>> import polars
    >>> table = polars.DataFrame({"hue": ["red", "blue", "red"], "size": [1.0, None, 3.0]})
    >>> TableEncoding("none").fit_transform(table).tolist()
    [[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 2.0, 1.0], [0.0, 1.0, 3.0, 0.0]]
    """

    def __init__(self, scaling: str = "standard") -> None:
        self.scaling = scaling

    def fit(self, X: polars.DataFrame, y: Any = None) -> TableEncoding:
        """Learn from the rows of a table (n, columns); ValueError if no column is of use."""
        self.encoder_ = TableEncoder.fit(X, self.scaling)
        return self

    def transform(self, X: polars.DataFrame) -> Floats:
        """Inputs (n, k) of the rows of a table; ValueError if a column is missing."""
        return self.encoder_.transform(X)
