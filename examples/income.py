"""Census income: who earns more than 50 000 dollars a year, told from fourteen answers on a form.

The answers are numbers, words and question marks, and they go in as they are: what each column
holds is found out, and nothing of the model is chosen. What comes out is a probability, and most of
this script asks how far it can be believed: on 16 281 people whom training never saw.

    python examples/income.py [FOLDER]      the folder of adult.data.gz and adult.test.gz
    python examples/income.py --rows 2000 --steps 200 [FOLDER]      a part of it, in some seconds
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import polars as pl

from pellucid import TabularClassifier
from pellucid.tables import read_table

COLUMNS = [
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation",
    "relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week",
    "native_country", "income",
]  # fmt: skip
COVERAGE = 0.9


def read(path: Path) -> pl.DataFrame:
    """One of the two files: neither has a header, and in one each label ends in a full stop."""
    frame = read_table(path).frame
    frame.columns = COLUMNS
    return frame.with_columns(pl.col("income").str.strip_chars_end("."))


def mean_with_error(values: np.ndarray) -> tuple[float, float]:
    """A mean over rows, and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def calibration(p: np.ndarray, rich: np.ndarray) -> float:
    """Print the share that was predicted beside the one there was; the mean distance of the two."""
    print("  predicted       people   mean predicted   share there was")
    apart = 0.0
    bins = np.minimum((p * 10).astype(int), 9)
    for i in range(10):
        inside = bins == i
        if not inside.any():
            continue
        said, was, n = p[inside].mean(), rich[inside].mean(), int(inside.sum())
        error = np.sqrt(said * (1 - said) / n)
        apart += abs(said - was) * n / len(p)
        span = f"{i / 10:.1f} to {(i + 1) / 10:.1f}"
        print(f"  {span} {n:>12} {said:>16.3f} {was:>17.3f} +- {error:.3f}")
    return float(apart)


def main(folder: Path, rows: int | None = None, steps: int = 2500) -> bool:
    if not (folder / "adult.data.gz").is_file():
        print(f"no adult.data.gz in {folder}: name the folder that holds it and adult.test.gz")
        return False
    train, test = read(folder / "adult.data.gz"), read(folder / "adult.test.gz")
    if rows is not None:
        train, test = train.head(rows), test.head(rows)  # they are in no order
    model = TabularClassifier(min_steps=steps, random_state=0).fit(train, "income")

    print(f"What {train.height} rows were taken for:\n\n{model.schema_}\n")
    rich = (test["income"] == ">50K").to_numpy()
    p = model.predict_proba(test)
    of_right = np.where(rich, p[:, 1], p[:, 0])
    accuracy = mean_with_error(((p[:, 1] > 0.5) == rich).astype(float))
    loss = mean_with_error(-np.log(of_right))
    share = (train["income"] == ">50K").to_numpy().mean()
    loss_of_share = mean_with_error(-np.log(np.where(rich, share, 1 - share)))
    print("                             accuracy               log-loss")
    print(
        f"  out of bag              {model.oob_score_:.4f}              {model.oob_log_loss_:.4f}"
    )
    print(
        f"  {test.height:>5} rows of the test   {accuracy[0]:.4f} +- {accuracy[1]:.4f}    "
        f"{loss[0]:.4f} +- {loss[1]:.4f}"
    )
    print(f"  the same for everybody  {1 - rich.mean():.4f}              {loss_of_share[0]:.4f}\n")

    print("Do probabilities hold? Those of more than 50 000 dollars, beside how many had it:")
    apart = calibration(p[:, 1], rich)
    print(f"  in the mean they are {apart:.4f} apart\n")

    sets = model.predict_set(test, COVERAGE)
    hit = np.where(rich, sets[:, 1], sets[:, 0])
    coverage, size = mean_with_error(hit.astype(float)), sets.sum(axis=1)
    print(f"Sets that hold the right class for {COVERAGE:.0%} of people:")
    print(f"  they do for {coverage[0]:.4f} +- {coverage[1]:.4f}; {size.mean():.3f} classes a set")
    for n, name in ((1, "one class: sure"), (2, "both: ask a person")):
        if (size == n).any():
            of_all, of_these = np.mean(size == n), hit[size == n].mean()
            print(f"  {name:<20} {of_all:.3f} of the sets, right in {of_these:.3f}")
    for name, there in (("at most 50 000", ~rich), ("more", rich)):
        print(f"  of those who earn {name:<15} {hit[there].mean():.3f} have it in their set")
    print("  The promise is for all people together, not for each kind of them.\n")

    some = test.head(4000)
    importance = model.permutation_importance(
        some, "income", scoring="neg_log_loss", n_repeats=3, random_state=0
    )
    print("How much the log-loss rises when a column is shuffled among the people:")
    for name, mean, std in zip(*importance.values(), strict=True):
        print(f"  {name:<16} {mean:>8.4f} +- {std:.4f}")
    print()

    # Rows held out and rows of the test are both a draw: thrice the standard error of the two.
    held_out = model.leaderboard_["rows_held_out"].sum()
    draw = 3 * np.sqrt(COVERAGE * (1 - COVERAGE) * (1 / held_out + 1 / test.height))
    met = [
        claim("test accuracy", accuracy[0], 0.85 if rows is None else 0.8, 1.0),
        claim("predicted and true shares apart", apart, 0.0, 0.02 if rows is None else 0.05),
        claim("coverage of the sets", coverage[0], COVERAGE - draw, COVERAGE + draw),
    ]
    return all(met)


def claim(what: str, reached: float, low: float, high: float) -> bool:
    met = bool(low <= reached <= high)
    print(f"{what} {reached:.4f}, claim {low:.4f} to {high:.4f}: {'met' if met else 'MISSED'}")
    return met


def beside() -> Path:
    """PELLUCID_DATA, or the data folder beside the checkout."""
    shared = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("PELLUCID_DATA", shared)) / "tabular"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Census income, with nothing chosen.")
    parser.add_argument("--rows", type=int, help="people to learn from, and to test on")
    parser.add_argument("--steps", type=int, default=2500, help="of each network, at least")
    parser.add_argument("folder", nargs="?", type=Path, default=beside(), help="of both files")
    sys.exit(0 if main(**vars(parser.parse_args())) else 1)
