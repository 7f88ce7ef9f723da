"""Models of every kind are explained: from raw columns to the answer in the target's own unit."""

import re

import numpy as np
import polars
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, StandardScaler

import pellucid
from pellucid import (
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    Recipe,
    TabularClassifier,
    TabularRegressor,
    datasets,
)
from pellucid.encoding import TableEncoding
from pellucid.explaining import explain
from pellucid.subject import subject_of
from pellucid.tables import Table
from printed import assert_adds_up, calculations

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
N = 160
PEOPLE = polars.DataFrame(
    {
        "age": [None if i % 17 == 0 else float(20 + i % 50) for i in range(N)],
        "joined": [f"20{10 + i % 12}-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(N)],
        "work": [None if i % 23 == 0 else ["shop", "farm", "office"][i % 3] for i in range(N)],
        "pay": RNG.lognormal(8, 2, N).round(),
        "member": [bool(i % 2) for i in range(N)],
        "hours": RNG.uniform(10, 60, N).round(1),
        "rich": [["yes", "no", "maybe"][(i % 3 + (i % 50 > 20)) % 3] for i in range(N)],
    }
)
FEATURES = PEOPLE.drop("rich", "hours")
FEW = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0}
NUMBERS = np.column_stack([PEOPLE["hours"].to_numpy(), np.arange(N) % 7.0])


def fitted(kind):
    """A model, rows as its own `predict` takes them, and their targets."""
    words, hours = PEOPLE["rich"].to_numpy(), PEOPLE["hours"].to_numpy()
    plain = Recipe(hidden=(5,), settings={"epochs": 3})
    bag = {"bag": 3, "min_steps": 20, "random_state": 0}
    match kind:
        case "Network":
            return Network([2, 3, 3], "tanh", "softmax", seed=0), NUMBERS / 50, np.arange(N) % 3
        case "MLPClassifier":
            return MLPClassifier(**FEW).fit(NUMBERS / 50, words), NUMBERS / 50, words
        case "two classes":
            return MLPClassifier(**FEW).fit(NUMBERS, words == "no"), NUMBERS, words == "no"
        case "MLPRegressor":
            return MLPRegressor(**FEW).fit(NUMBERS, hours), NUMBERS, hours
        case "scaled":
            steps = make_pipeline(StandardScaler(), MLPRegressor(**FEW))
            return steps.fit(NUMBERS, hours), NUMBERS, hours
        case "bent":
            steps = make_pipeline(PowerTransformer(), MLPRegressor(**FEW))
            return steps.fit(NUMBERS, hours), NUMBERS, hours
        case "encoded":
            X = PEOPLE.select("age", "work", "pay", "member")
            return make_pipeline(TableEncoding(), MLPClassifier(**FEW)).fit(X, words), X, words
        case "Predictor of classes":
            X = PEOPLE.select("age", "work", "pay", "member", "rich")
            return Predictor.fit(Table(X), "rich", plain).predictor, X.drop("rich"), words
        case "Predictor":
            X = PEOPLE.select("age", "work", "member", "pay", "hours")
            return Predictor.fit(Table(X), "hours", plain).predictor, X.drop("hours"), hours
        case "TabularClassifier":
            return TabularClassifier(**bag).fit(FEATURES, words), FEATURES, words
    return TabularRegressor(**bag).fit(FEATURES, hours), FEATURES, hours


KINDS = (
    "Network", "MLPClassifier", "two classes", "MLPRegressor", "scaled", "bent", "encoded",
    "Predictor of classes", "Predictor", "TabularClassifier", "TabularRegressor",
)  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def model(request):
    return request.param, *fitted(request.param)


def rows_of(X, places):
    return X[places[0] : places[0] + 1] if isinstance(X, polars.DataFrame) else X[places]


def section(explanation, key):
    return next((part for part in explanation.sections if part.key == key), None)


def test_every_line_adds_up_from_columns_to_answer(model):
    kind, fit, X, y = model
    precision = 1e-12 if "Tabular" not in kind else 1e-5
    for place in (1, 17, 23):  # one without an age, one without work
        for digits in (4, 8):
            made = explain(fit, rows_of(X, [place]), y[place], digits=digits)
            assert assert_adds_up(str(made), digits, precision) > 20
    parts = [part.part for part in made.sections]
    order = ["inputs", "forward", "answer", "target", "loss", "backward", "update"]
    assert parts == sorted(parts, key=order.index)


def test_what_is_shown_is_what_the_model_reckons(model):
    _, fit, X, y = model
    subject = subject_of(fit)
    row = rows_of(X, [1])
    made = explain(fit, row, y[1], units=12)
    network = subject.network
    encoded = subject.encode(row)
    trace = network.trace(encoded.astype(network.theta.dtype))
    asked = subject.encode_targets([y[1]] if isinstance(y[1], str) else np.asarray([y[1]]))
    loss, _ = network.loss_and_gradient(encoded.astype(network.theta.dtype), asked)
    for line in made.lines:
        of, place = line.of, tuple(i - 1 for i in line.of.index)
        if of.key.startswith("layer1.x"):
            assert line.value == pytest.approx(encoded[0][place], rel=1e-6, abs=1e-7)
        if of.letter in "za" and of.layer and not of.derivative:
            assert line.value == float(getattr(trace, of.letter)[of.layer - 1][(0, *place)])
        if of.letter == "y" and not of.kind:
            assert line.value == pytest.approx(asked[0][place])
    total = made.by_key["J"] if network.objective.alpha else made.by_key["loss"]
    assert total.value == pytest.approx(loss, rel=1e-5)


def test_the_answer_is_that_of_the_model(model):
    _, fit, X, _ = model
    subject = subject_of(fit)
    row = rows_of(X, [1])
    made = explain(fit, row, digits=6)
    answers, predicted = subject.answers(row)[0], subject.predict(row)[0]
    last = section(made, "answer").lines[-1]
    if subject.classes is None:
        assert last.value == pytest.approx(predicted, rel=1e-6)
        assert last.of.plain == subject.target_name
    else:
        assert last.value == f'"{predicted}"'
        share = float(re.fullmatch(r"with (\S+) %", last.note)[1])
        assert share == pytest.approx(100 * answers.max(), rel=1e-5)
        shown = {line.of.letter: line.value for line in section(made, "answer").lines[:-1]}
        for label, p in zip(subject.classes, answers, strict=True):
            if (name := f'p("{label}")') in shown:
                assert shown[name] == pytest.approx(p, rel=1e-6)


def test_a_file_a_frame_a_dict_and_a_list_are_explained_alike(model, tmp_path):
    kind, fit, X, y = model
    row = rows_of(X, [1])
    text = str(explain(fit, row, y[1]))
    if kind != "bent":  # a file holds no such step
        pellucid.save(fit, tmp_path / "model.safetensors")
        assert str(explain(tmp_path / "model.safetensors", row, y[1])) == text
    values = list(row.row(0)) if isinstance(row, polars.DataFrame) else row[0].tolist()
    assert str(explain(fit, values, y[1])) == text
    named = dict(zip(subject_of(fit).columns, ([v] for v in values), strict=True))
    assert str(explain(fit, named, y[1])) == text


def test_inputs_show_the_arithmetic_of_each_kind():
    fit, X, _ = fitted("TabularClassifier")
    made = explain(fit, X[17:18], units=80, digits=6)
    inputs = section(made, "inputs")
    texts = str(made).split("\n\n")[1].splitlines()
    assert len([1 for line in inputs.lines if line.of.letter == "x"]) == len(subject_of(fit).inputs)
    found = {kind: [t for t in texts if kind in t] for kind in ("age missing", "work=", "clip(")}
    assert found["age missing"][0].endswith(" = 1, for age is missing")
    work = X["work"][17]
    by_level = {t.split("=")[1].split(":")[0]: t for t in found["work="]}
    assert f' = 1, for work is "{work}"' in by_level[work]
    assert sum(" = 1," in t for t in by_level.values()) == 1
    assert any(re.search(r"joined year: u\d+ = \(2015 - ", t) for t in texts)
    assert any(re.search(r"x\d+ = u\d+ / sqrt\(1 \+ \(u\d+ / 3\)\^2\) = ", t) for t in texts)
    assert len(found["clip("]) > 10


def test_a_scaled_column_is_worked_out_as_by_hand():
    fit, X, y = fitted("scaled")
    scaler = fit[0]
    text = str(explain(fit, X[3], y[3], digits=5))
    mean, std = (f"{v[0]:.5g}" for v in (scaler.mean_, scaler.scale_))
    z = (X[3, 0] - scaler.mean_[0]) / scaler.scale_[0]
    assert f"  x1 = ({X[3, 0]:g} - {mean}) / {std} = {z:.5g}\n" in text


def test_a_step_that_is_not_known_is_not_made_up():
    fit, X, _ = fitted("bent")
    lines = str(explain(fit, X[3])).split("\n\n")[1].splitlines()
    assert re.fullmatch(rf'  x1 = -?\S+, made of "{X[3, 0]}"', lines[1])


def test_of_a_bag_each_network_can_be_followed_and_all_are_averaged():
    fit, X, y = fitted("TabularRegressor")
    subject = subject_of(fit)
    each = [subject.answers_of([output])[0, 0] for output in subject.outputs(X[1:2])]
    for number, own in enumerate(each, 1):
        made = explain(fit, X[1:2], y[1], network=number, digits=6)
        lines = {line.name: line for line in calculations(str(made))}
        assert f", network {number} of 3" in made.title
        assert float(lines[f"target by network {number}"].result) == pytest.approx(own, rel=1e-5)
        assert float(lines["target"].result) == pytest.approx(fit.predict(X[1:2])[0], rel=1e-5)
    with pytest.raises(ValueError, match="network is 4: the model has networks 1 to 3"):
        explain(fit, X[1:2], network=4)


def test_a_digits_model_fits_a_screen():
    digits = datasets.load("digits")
    fit = MLPClassifier((100,), max_iter=5, random_state=0).fit(digits.X / 16, digits.y)
    table = Predictor.fit(digits.table(), None, Recipe(hidden=(100,), settings={"epochs": 2}))
    for model, scale in ((fit, 16), (table.predictor, 1)):
        for place in range(0, 200, 20):
            row = digits.X[place] / scale
            text = str(explain(model, row.tolist()))
            lines = text.splitlines()
            assert len(lines) <= 50
            assert max(map(len, lines)) <= 120
            assert assert_adds_up(text, 4) >= 20
            predicted = int(np.argmax(subject_of(model).answers(row)[0]))
            assert f'"{predicted}", with ' in lines[-1]
    assert len(str(explain(fit, digits.X[0] / 16, units=None)).splitlines()) > 200


def test_an_exam_score_comes_back_in_its_own_unit():
    exam = datasets.load("exam")
    fit = Predictor.fit(exam.table(), None, Recipe(hidden=(3,), settings={"epochs": 5}))
    text = str(explain(fit.predictor, [2, 9], 92))
    assert "  hours studied: x1 = 2 / 3 = 0.6667\n" in text
    assert "  score: y1 = 92 / 100 = 0.92\n" in text
    assert re.search(r"\n  score = a1 \* 100 = \S+ \* 100 = \S+\n", text)


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("MLPClassifier", {"x": [1, 2, 3]}, r"X has shape \(1, 3\): the model takes 2 columns"),
        ("MLPClassifier", {"x": NUMBERS[:2]}, "explain takes one row, not 2"),
        ("MLPClassifier", {"x": [1, 2], "y": "rich"}, "the target is 'rich': expected one of"),
        ("MLPRegressor", {"x": [1, 2], "y": "much"}, "the target is 'much': expected a number"),
        ("MLPRegressor", {"x": [1, 2], "digits": 0}, "digits is 0: expected"),
        ("MLPRegressor", {"x": [1, 2], "digits": "a"}, "digits is 'a': expected a whole number"),
        (
            "MLPRegressor",
            {"x": [1, 2], "terms": 0},
            "terms is 0: expected a whole number from 1",
        ),
        ("MLPRegressor", {"x": [1, 2], "units": "a"}, "units is 'a': expected a whole number"),
        ("MLPRegressor", {"x": [1, 2], "network": "a"}, "network is 'a': expected a whole number"),
        ("MLPRegressor", {"x": [1, 2], "learning_rate": "a"}, "learning_rate is 'a': expected"),
        ("Network", {"x": "1,2"}, "x is '1,2': expected one row, its values in a list or a dict"),
        ("MLPRegressor", {"x": [1, 2], "y": 1, "learning_rate": -1.0}, "learning_rate is -1.0"),
        ("MLPRegressor", {"x": [1, 2], "network": 2}, "network is 2: the model has one network"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_one_sentence(kind, given, message):
    with pytest.raises((ValueError, TypeError), match=message):
        explain(fitted(kind)[0], **given)


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match="cannot be looked into"):
        explain({"a": 1}, [1])
    with pytest.raises(ValueError, match="not fitted"):
        explain(MLPClassifier(), [1])


def test_several_targets_and_labels_are_each_answered():
    X = NUMBERS / 50
    both = np.column_stack([PEOPLE["rich"].to_numpy(), np.where(np.arange(N) % 2, "odd", "even")])
    made = explain(MLPClassifier(**FEW).fit(X, both), X[1])
    assert [line.of.plain for line in section(made, "answer").lines] == ["target1", "target2"]
    labels = np.column_stack([np.arange(N) % 2, np.arange(N) % 3 == 0]).astype(int)
    fit = MLPClassifier(**FEW).fit(X, labels)
    made = explain(fit, X[1], labels[1])
    said = [line.value == "yes" for line in section(made, "answer").lines]
    assert said == fit.predict(X[1:2])[0].astype(bool).tolist()
    assert assert_adds_up(str(made), 4) > 20


def test_the_verdict_of_classes_numbers_and_several_quantiles():
    iris, exam = datasets.load("iris"), datasets.load("exam")
    classifier = MLPClassifier((4,), max_iter=5, random_state=0).fit(iris.X, iris.y)
    told = classifier.predict(iris.X[:1])[0]
    for label in classifier.classes_:
        made = explain(classifier, iris.X[0], label, backward=False)
        line = made.lines[-1]
        assert (line.of.plain, line.value) == ("right target", f'"{label}"')
        assert line.note == f"so the answer is {'right' if label == told else 'wrong'}"
        assert {section.part for section in made.sections} == {"forward", "answer"}
    quantiles = MLPRegressor(
        "quantile", (3,), quantile=[0.1, 0.5, 0.9], max_iter=20, random_state=0
    ).fit(exam.X, exam.y.ravel())
    low, _, high = quantiles.predict(exam.X[:1])[0]
    for value, said in (((low + high) / 2, "between"), (high + 1, "not between")):
        line = explain(quantiles, exam.X[0], value, backward=False).lines[-1]
        assert (line.value, line.note) == (value, f"{said} the lowest and the highest answer")
    text = str(explain(quantiles, exam.X[0], float(low)))  # the one number is asked of each
    assert assert_adds_up(text, 4) > 30
    loss = float(re.search(r"\n  loss = .* = (\S+)\n", text)[1])
    off = low - quantiles.predict(exam.X[:1])[0]
    pinball = np.maximum(np.array([0.1, 0.5, 0.9]) * off, np.array([-0.9, -0.5, -0.1]) * off)
    assert loss == pytest.approx(pinball.sum(), rel=1e-3)
    network = Network([2, 1])
    network.theta = [1.0, 2.0, 0.5]
    line = explain(network, [1, 1], 2.0, backward=False).lines[-1]
    assert (line.of.plain, line.note) == ("right y", "so the answer is 1.5 too high")


def test_no_probability_is_printed_as_certain_or_impossible():
    network = Network([1, 2], output_activation="softmax")
    for size, digits, said in ((5.0, 4, "over 99.99 %"), (800.0, 4, "over 99.99 %"),
                               (5.0, 6, "99.9955 %"), (2.8, 2, "over 99 %")):  # fmt: skip
        network.weights = [[[0.0, 2 * size]]]
        made = explain(network, [1.0], digits=digits)
        assert made.lines[-1].note == f"with {said}"
    X = np.array([[-800.0], [800.0]])
    labels = MLPClassifier((), max_iter=1, random_state=0).fit(X, np.array([[0, 1], [1, 0]]))
    labels.network_.theta = [1.0, -1.0, 0.0, 0.0]
    notes = [line.note for line in section(explain(labels, X[1]), "answer").lines]
    assert notes == ["with over 99.99 %", "with under 0.01 %"]


def test_the_learning_rates_of_a_bags_arrays_are_said_to_be_factors():
    fit, X, y = fitted("TabularRegressor")
    made = explain(fit, X[1:2], y[1], digits=9)
    update = section(made, "update")
    assert update.equations[0].plain == "new = old - rate * factor * gradient"
    assert update.equations[1].plain.startswith("factor = how many times the rate an array learns")
    factors = {s.name: s.learning_rate for s in subject_of(fit).network.layout.segments}
    assert set(factors.values()) - {1.0}
    for line in update.lines:
        if not hasattr(line, "of"):
            continue
        _, *between, gradient = line.numbers.right.factors
        assert gradient.symbol.derivative
        names = [factor.symbol.letter for factor in between]
        factor = factors[f"layer{line.of.layer}.{line.of.letter}"]
        assert names == ([] if factor == 1.0 else ["factor"])
        assert [value.number for value in between] == [factor] * len(names)
    plain = explain(*(part[0] if i else part for i, part in enumerate(fitted("MLPRegressor"))))
    assert [e.plain for e in section(plain, "update").equations] == ["new = old - rate * gradient"]


def test_a_target_too_large_for_the_network_is_named_as_it_was_given():
    fit, X, _ = fitted("TabularRegressor")
    with pytest.raises(ValueError, match=r"the target is '1e300': .* float32 can hold"):
        explain(fit, X[1:2], "1e300")
