"""House prices: what the houses of a district cost, and between which numbers the price may lie.

20 640 districts of California in 1990, nine columns: numbers, of which some are missing, and one of
words. A price alone is half an answer, so each prediction gets an interval, and the script counts
how often the price lay in it, for cheap districts as for dear ones. Last it asks the model what it
has made of one column: the price by the income of those who live there, all else being the same.

    python examples/house_prices.py [FILE]        california-housing.csv.gz
    python examples/house_prices.py --rows 2000 --steps 200 [FILE]    fewer of them, in some seconds
    python examples/house_prices.py --plot prices.png [FILE]          and leaves a picture
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
from sklearn.inspection import partial_dependence

from pellucid import TabularRegressor, plots
from pellucid.tables import read_table

TARGET, INCOME = "median_house_value", "median_income"
TESTED = 5160


def scores(y: np.ndarray, predicted: np.ndarray) -> tuple[float, float, float, float]:
    """Root mean squared error and R2, each with its standard error: by rows drawn anew."""
    drawn = np.random.default_rng(0).integers(len(y), size=(500, len(y)))
    squares = (y - predicted) ** 2
    errors = np.sqrt(squares[drawn].mean(axis=1))
    r2 = 1 - (errors / y[drawn].std(axis=1)) ** 2
    return np.sqrt(squares.mean()), errors.std(), 1 - squares.mean() / y.var(), r2.std()


def main(file: Path, rows: int | None = None, steps: int = 2500, plot: Path | None = None) -> bool:
    if not file.is_file():
        print(f"no file {file}: say where california-housing.csv.gz is")
        return False
    table = read_table(file).frame
    table = table[np.random.default_rng(0).permutation(table.height)]  # they come by place
    test, train = table[:TESTED], table[TESTED:][:rows]
    model = TabularRegressor(min_steps=steps, random_state=0).fit(train, TARGET)
    print(f"What {train.height} districts were taken for:\n\n{model.schema_}\n")

    y, known = test[TARGET].to_numpy(), train[TARGET].to_numpy()
    predicted = model.predict(test)
    line = np.polyfit(train[INCOME].to_numpy(), known, 1)
    answers = {
        "the mean price for each": np.full(len(y), known.mean()),
        "a straight line by income": np.polyval(line, test[INCOME].to_numpy()),
        "the model": predicted,
    }
    print(f"On {TESTED} other districts   error in dollars (RMSE)               R2")
    for name, answer in answers.items():
        rmse, its_error, r2, of_r2 = scores(y, answer)
        print(f"  {name:<25} {rmse:>10.0f} +- {its_error:<6.0f} {r2:>14.4f} +- {of_r2:.4f}")
    print(f"  {'the model, out of bag':<25} {model.oob_rmse_:>10.0f} {model.oob_score_:>24.4f}")
    print("  Out of bag a network answers alone; together they are better.\n")
    met = [claim("R2", r2, 0.8 if rows is None else 0.7)]

    order, quarter = np.argsort(predicted), TESTED // 4
    parts = {"all": order, "cheapest": order[:quarter], "dearest": order[-quarter:]}
    print("\nIntervals, of all and of the quarters that are cheapest and dearest as predicted")
    print("                 prices inside      mean width")
    held_out = model.leaderboard_["rows_held_out"].sum()
    for coverage in (0.8, 0.9):
        low, high = model.predict_interval(test, coverage).T
        inside = (low <= y) & (y <= high)
        for name, part in parts.items():
            share, width = inside[part].mean(), (high - low)[part].mean()
            error = np.sqrt(share * (1 - share) / len(part))
            print(f"  {coverage:.0%} {name:<9} {share:.4f} +- {error:.4f} {width:>11.0f}")
        # The rows held out are a draw, as those of the test are: thrice the error of the two.
        draw = 3 * np.sqrt(coverage * (1 - coverage) * (1 / TESTED + 1 / held_out))
        met.append(claim(f"coverage of {coverage:.0%}", inside.mean(), coverage - draw))

    some = test.drop(TARGET)[:500].to_pandas()  # scikit-learn needs pandas for this
    curve = partial_dependence(model, some, [INCOME], grid_resolution=9)
    income, price = curve["grid_values"][0], curve["average"][0]
    print("\nThe mean price if all had the same median income, and all else stayed:")
    print("  income, 10 000 dollars  " + "".join(f"{x:>8.2f}" for x in income))
    print("  price, dollars          " + "".join(f"{x:>8.0f}" for x in price))
    met.append(claim("price from the least to the largest, times", price[-1] / price[0], 1.5))

    if plot is not None:
        figure, (left, right) = plots.side_by_side(2)
        plots.PredictionErrorDisplay.from_predictions(y, predicted, name="price", ax=left)
        right.plot(income, price, marker="o")
        right.set(title="Partial dependence", xlabel=INCOME, ylabel="mean of predicted prices")
        plots.save(figure, plot)
        print(f"picture: {plot}")
    return all(met)


def claim(what: str, reached: float, at_least: float) -> bool:
    met = bool(reached >= at_least)
    print(f"  {what} {reached:.4f}, claim at least {at_least:.4f}: {'met' if met else 'MISSED'}")
    return met


def beside() -> Path:
    """In PELLUCID_DATA, or in the data folder beside the checkout."""
    shared = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PELLUCID_DATA", shared)) / "tabular"
    return folder / "california-housing.csv.gz"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="House prices, with intervals.")
    parser.add_argument("--rows", type=int, help="districts to learn from")
    parser.add_argument("--steps", type=int, default=2500, help="of each network, at least")
    parser.add_argument("--plot", type=Path, help="leave a picture here")
    parser.add_argument("file", nargs="?", type=Path, default=beside(), help="of the districts")
    sys.exit(0 if main(**vars(parser.parse_args())) else 1)
