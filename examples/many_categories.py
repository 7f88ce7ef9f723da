"""A category of many levels: districts of California by the cell of the map that they lie in.

Longitude and latitude are taken away, and put in their place is the cell, a tenth of a degree wide
and high, written as a word: "N378 W1223". That is what a postcode, a shop or a product number is:
over a thousand words, many on a few rows only. An input for each would be too many to learn. So
each word stands for a number, the mean price in its cell, drawn towards that of all where rows are
few. Each training row gets the mean over *other* rows, or the model would read off its own answer.

    python examples/many_categories.py [FILE]      california-housing.csv.gz; some minutes
    python examples/many_categories.py --rows 2000 --steps 200 [FILE]       fewer, in some seconds
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pellucid import TabularRegressor
from pellucid.tables import read_table

TARGET, CELL = "median_house_value", "cell"
PLACE = ["longitude", "latitude"]
TESTED = 5160


def with_cell(table: pl.DataFrame) -> pl.DataFrame:
    """The same with a column of words such as "N378 W1223"."""
    north, east = ((10 * pl.col(name)).round(3).floor() for name in ("latitude", "longitude"))
    return table.with_columns(pl.format("N{} W{}", north.cast(int), -east.cast(int)).alias(CELL))


def by_hand(table: pl.DataFrame, cells: list[str]) -> pl.DataFrame:
    """A column for each of some cells in place of all: true in the rows that lie there."""
    columns = [(pl.col(CELL) == cell).alias(cell) for cell in cells]
    return table.with_columns(*columns).drop(*PLACE, CELL)


def fitted(table: pl.DataFrame, target: Any, steps: int) -> TabularRegressor:
    model = TabularRegressor(min_steps=steps, random_state=0)
    model.fit(table, target)
    return model


def root(squares: np.ndarray) -> tuple[float, float]:
    """The root of mean squares, and its standard error."""
    mean = np.sqrt(squares.mean())
    return float(mean), float(squares.std() / np.sqrt(len(squares)) / (2 * mean))


def main(file: Path, rows: int | None = None, steps: int = 2500) -> bool:
    if not file.is_file():
        print(f"no file {file}: say where california-housing.csv.gz is")
        return False

    table = with_cell(read_table(file).frame)
    table = table[np.random.default_rng(0).permutation(table.height)]  # they come by place
    test, train = table[:TESTED], table[TESTED:][:rows]
    y, mean = test[TARGET].to_numpy(), train[TARGET].to_numpy().mean()
    cells = train.group_by(CELL).agg(n=pl.len(), mean=pl.col(TARGET).mean())
    cells = cells.sort("n", CELL, descending=[True, False])
    new = ~test[CELL].is_in(cells[CELL].implode()).to_numpy()
    single, unseen = (cells["n"] == 1).sum(), new.sum()
    print(f"{train.height} districts to learn from, in {cells.height} cells: {single} are alone.")
    print(f"{TESTED} others to test on: {unseen} in cells that training did not have.\n")

    frequent = cells[CELL][:30].to_list()
    tables = {
        "no place at all": [part.drop(*PLACE, CELL) for part in (train, test)],
        "30 cells, one-hot by hand": [by_hand(part, frequent) for part in (train, test)],
        "the cell, as it is": [part.drop(PLACE) for part in (train, test)],
        "longitude and latitude": [part.drop(CELL) for part in (train, test)],
    }
    print("Error in dollars (RMSE)  out of bag   of those tested       in cells not seen")
    errors = {}
    for name, (learnt, asked) in tables.items():
        model = fitted(learnt, TARGET, steps)
        off = (model.predict(asked) - y) ** 2
        (all_, error), (of_new, its_error) = root(off), root(off[new])
        print(f"{name:<25} {model.oob_rmse_:>9.0f}   {all_:>6.0f} +- {error:<5.0f}"
              f"   {of_new:>9.0f} +- {its_error:.0f}")  # fmt: skip
        errors[name] = all_
        if CELL in learnt.columns:
            by_cell = model
    print("Where the cell is new, it says no more than the other columns do.")
    gain = errors["no place at all"] / errors["the cell, as it is"]
    met = [claim("error without the cell, times that with it", gain, 1.05, 2.0)]

    print("\nMean of the prices predicted if all that are tested lay elsewhere:")
    several = cells.filter(pl.col("n") >= 10).sort("mean", CELL)[CELL]
    prices = {}
    somewhere = {"cheapest": several[0], "dearest": several[-1], "off the map": "N0 W0"}
    somewhere["no cell"] = "here"
    for what, cell in somewhere.items():
        moved = test.drop(PLACE).with_columns(pl.lit(cell).alias(CELL))
        prices[what] = by_cell.predict(moved).mean()
        print(f"  in {cell:<12} {what:<12} {prices[what]:>8.0f}")
    print(f"A cell that is new stands for the mean of all prices learnt from, {mean:.0f}.")
    same = prices["off the map"] - prices["no cell"]
    met.append(claim("two cells that are new differ by", same, 0.0, 0.0))

    print("\nPrices shuffled among the districts, so that a cell has nothing to tell:")
    shuffled = np.random.default_rng(1).permutation(table[TARGET].to_numpy())
    there, here = shuffled[:TESTED], shuffled[TESTED:][:rows]
    honest = fitted(train.select(CELL), here, steps)
    means = train.select(CELL, own=here).group_by(CELL).mean()  # each row's own price is in it
    own, asked = (
        part.join(means, on=CELL, how="left", maintain_order="left").select("own")
        for part in (train, test)
    )
    fooled = fitted(own, here, steps)
    of_honest, of_fooled = honest.score(test.select(CELL), there), fooled.score(asked, there)
    met += [
        claim("encoded by other rows, R2 out of bag", honest.oob_score_, -0.02, 0.02),
        claim("encoded by other rows, R2 on the test", of_honest, -0.02, 0.02),
        claim("by plain means, R2 out of bag", fooled.oob_score_, 0.05, 1.0),
        claim("by plain means, R2 on the test", of_fooled, -1.0, 0.0),
    ]
    print("By plain means each row is shown its own price: a score that does not last.")
    return all(met)


def claim(what: str, reached: float, low: float, high: float) -> bool:
    met = bool(low <= reached <= high)
    print(f"  {what} {reached:.4f}, claim {low:g} to {high:g}: {'met' if met else 'MISSED'}")
    return met


def beside() -> Path:
    """In PELLUCID_DATA, or in the data folder beside the checkout."""
    shared = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PELLUCID_DATA", shared)) / "tabular"
    return folder / "california-housing.csv.gz"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A category of many levels.")
    parser.add_argument("--rows", type=int, help="districts to learn from")
    parser.add_argument("--steps", type=int, default=2500, help="of each network, at least")
    parser.add_argument("file", nargs="?", type=Path, default=beside(), help="of the districts")
    sys.exit(0 if main(**vars(parser.parse_args())) else 1)
