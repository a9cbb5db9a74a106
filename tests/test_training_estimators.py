"""The estimators in scikit-learn: its checks, pipelines, searches, clones; learning; errors."""

import doctest
import importlib
import pickle
import signal
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from test_docstrings import faults

import tinygrad_np as tg

pytest.importorskip("sklearn", "1.6", reason="scikit-learn, 1.6 or newer, is not installed")

from sklearn.base import clone
from sklearn.datasets import load_iris, make_friedman1
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from tinygrad_np.training import Classifier, Regressor

PAGE = Path(tg.__file__).parents[1] / "docs/sklearn.md"
HELD_OUT = {
    "check_sample_weight_equivalence_on_dense_data": "where rows are held out, a row with the "
    "weight 2 is held out as one, and two rows each by itself",
}
"""Checks of scikit-learn's that are expected to fail with a `validation`; without one, none are."""


def quick(kind, **more):
    return kind(**{"hidden": 16, "rate": 1e-2, "epochs": 30, "random_state": 0} | more)


def blobs(n=120, classes=3, dtype=np.float64):
    """Clouds around the corners of a triangle, far from one another."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % classes
    middles = 4 * np.array([[0, 1], [1, -1], [-1, -1]])[labels]
    return (middles + rng.normal(size=(n, 2))).astype(dtype), labels


def plane(n=100, outputs=2, dtype=np.float64):
    """Rows, and linear functions of them."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, 3))
    return x.astype(dtype), (x @ rng.normal(size=(3, outputs)) + 0.5).astype(dtype)


# Models of one's own: functions of a module, which pickle finds


def initial_line(rng, features, outputs):
    return {"weights": np.zeros((features, outputs)), "bias": np.zeros(outputs)}


def line(params, x):
    return tg.dense(x, **params)


def initial_filters(rng, features, outputs):
    init = tg.nn.init
    return {"filters": init.conv2d(rng, 3, 1, 4), "out": init.dense(rng, 4 * 13 * 13, outputs)}


def filtered(params, x):
    found = tg.relu(tg.conv2d(x.reshape(-1, 28, 28, 1), **params["filters"]))
    return tg.dense(tg.flatten(tg.max_pool(found, 2)), **params["out"])


def initial_with_rng(rng, features, outputs):
    return initial_line(rng, features, outputs) | {"rng": rng}


def initial_complex(rng, features, outputs):
    return initial_line(rng, features, outputs) | {"bias": np.zeros(outputs, complex)}


def line_for_two(params, x):
    return line(params, x)[:, :2]


# scikit-learn's checks


@pytest.mark.filterwarnings("ignore")  # scikit-learn's, about what its checks give on purpose
@pytest.mark.parametrize("kind", [Classifier, Regressor])
@pytest.mark.parametrize("more", [{}, {"validation": 0.2, "patience": 5}], ids=["", "patience"])
def test_scikit_learns_checks(kind, more):
    expected = HELD_OUT if more else {}
    found = check_estimator(
        quick(kind, **more), expected_failed_checks=expected, on_fail=None, on_skip=None
    )
    told = [f"{x['check_name']}: {x['exception']!r}" for x in found if x["status"] == "failed"]
    assert told == []
    assert {x["check_name"] for x in found if x["status"] == "xfail"} == {*expected}
    assert sum(x["status"] == "passed" for x in found) > 40


def test_weights_of_whole_numbers_are_rows_that_often():
    """Of all rows in one batch, as scikit-learn's check wants it of every estimator."""
    x, y = blobs()
    often = np.arange(len(x)) // 3 % 3
    weighted = quick(Classifier, batch_size=1000).fit(x, y, sample_weight=often)
    repeated = quick(Classifier, batch_size=1000).fit(np.repeat(x, often, 0), np.repeat(y, often))
    np.testing.assert_allclose(
        weighted.predict_proba(x), repeated.predict_proba(x), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("outputs", [1, 3])
def test_weights_of_a_regression(outputs):
    x, y = plane(outputs=outputs)
    half = np.where(np.arange(len(x)) < 50, 5.0, 0.0)
    weighted = quick(Regressor, batch_size=1000).fit(x, y, half)
    alone = quick(Regressor, batch_size=1000).fit(x[:50], y[:50])
    np.testing.assert_allclose(weighted.predict(x), alone.predict(x), rtol=1e-6, atol=1e-9)


# What they learn


def test_garments_as_well_as_by_scikit_learns_network():
    """Of 600 garments that were not trained with, standard error 0.015."""
    data = tg.data.garments(2000, 600, labels=range(10))
    train, test = [
        (images.reshape(len(images), -1) / 255).astype(np.float32)
        for images in (data.train_images, data.test_images)
    ]
    ours = Classifier(epochs=8, random_state=0).fit(train, data.train_labels)
    theirs = MLPClassifier(max_iter=8, batch_size=32, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it would go on for longer
        theirs.fit(train, data.train_labels)
    reached = ours.score(test, data.test_labels)
    assert reached > 0.78
    assert abs(reached - theirs.score(test, data.test_labels)) < 0.045  # three standard errors


def test_a_regression_as_well_as_by_scikit_learns_network():
    """Of three splits; the shares of the variance explained differ by 0.01 from seed to seed."""
    x, y = make_friedman1(1000, noise=1.0, random_state=0)
    x, y = StandardScaler().fit_transform(x), StandardScaler().fit_transform(y[:, None])[:, 0]
    reached = []
    for seed in range(3):
        x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=seed)
        networks = [Regressor(random_state=seed), MLPRegressor(random_state=seed)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it would go on for longer
            reached.append([each.fit(x_train, y_train).score(x_test, y_test) for each in networks])
    ours, theirs = np.mean(reached, 0)
    assert ours > theirs - 0.015
    assert ours > 0.9


def test_a_regression_of_several_numbers():
    x, y = plane()
    network = quick(Regressor, hidden=(), epochs=100).fit(x, y)
    assert network.predict(x).shape == (100, 2)
    np.testing.assert_allclose(network.predict(x), y, atol=1e-3)
    one = quick(Regressor, hidden=(), epochs=100).fit(x, y[:, 0])
    assert one.predict(x).shape == (100,)


def test_probabilities_in_the_order_of_the_classes():
    x, y = blobs()
    names = np.array(["c", "a", "b"])[y]
    network = quick(Classifier).fit(x, names)
    assert network.classes_.tolist() == ["a", "b", "c"]
    probabilities = network.predict_proba(x)
    np.testing.assert_allclose(probabilities.sum(-1), 1)
    assert np.array_equal(network.classes_[probabilities.argmax(-1)], network.predict(x))
    assert network.score(x, names) > 0.95


def test_prediction_goes_through_all_rows():
    x, y = blobs(2500)
    network = quick(Classifier, epochs=2).fit(x, y)
    each = [network.predict_proba(x[i : i + 1])[0] for i in (0, 999, 1000, 2499)]
    np.testing.assert_allclose(network.predict_proba(x)[[0, 999, 1000, 2499]], each, rtol=1e-9)


# Inside scikit-learn


def test_a_pipeline_is_validated():
    x, y = load_iris(return_X_y=True)
    scores = cross_val_score(make_pipeline(StandardScaler(), quick(Classifier)), x, y)
    assert scores.mean() > 0.9


@pytest.mark.parametrize(
    "grid",
    [
        {"hidden": [4, (8, 8)], "rate": [1e-4, 1e-2]},
        {"optimiser": [tg.optim.sgd, partial(tg.optim.adamw, weight_decay=0.1)]},
        {"model": [None, (initial_line, line)]},
    ],
    ids=["sizes", "optimisers", "models"],
)
def test_a_grid_searched_by_two_processes(grid):
    x, y = blobs()
    runs = [GridSearchCV(quick(Classifier), grid, cv=3, n_jobs=jobs).fit(x, y) for jobs in (1, 2)]
    here, there = [run.cv_results_["mean_test_score"] for run in runs]
    np.testing.assert_array_equal(here, there)
    assert runs[1].best_score_ > 0.9


def test_a_clone_has_the_same_arguments_and_is_not_fitted():
    x, y = blobs()
    network = quick(Classifier, model=(initial_line, line), optimiser=tg.optim.sgd).fit(x, y)
    copied = clone(network)
    assert copied.get_params() == network.get_params()
    with pytest.raises(NotFittedError):
        copied.predict(x)


@pytest.mark.parametrize("model", [None, (initial_line, line)])
def test_a_pickle_predicts_the_same_and_goes_on_alike(model):
    x, y = blobs()
    network = quick(Classifier, model=model).partial_fit(x, y, classes=[0, 1, 2])
    other = pickle.loads(pickle.dumps(network))
    for one in (network, other):
        one.partial_fit(x, y)
    assert np.array_equal(network.predict_proba(x), other.predict_proba(x))


# Training


def test_the_same_random_state_gives_the_same_bits():
    x, y = blobs()
    first, same, other = [
        quick(Classifier, epochs=2, random_state=seed).fit(x, y).predict_proba(x)
        for seed in (0, np.random.RandomState(0), 1)
    ]
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_that_of_the_data(dtype):
    x, y = blobs(dtype=dtype)
    network = quick(Classifier, epochs=2).fit(x, y)
    assert {leaf.dtype for leaf in tg.tree.leaves(network.params_)} == {np.dtype(dtype)}
    assert network.predict_proba(x).dtype == dtype
    assert network.predict_proba(x.astype(np.float64)).dtype == dtype
    x, y = plane(dtype=dtype)
    assert quick(Regressor, epochs=2).fit(x, y).partial_fit(x, y).predict(x).dtype == dtype


def test_patience_ends_the_training_with_the_best_parameters():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(100, 20)), np.arange(100) % 2  # nothing to learn but by heart
    network = quick(Classifier, validation=0.3, patience=3, epochs=200).fit(x, y)
    losses = network.history_["validation loss"]
    assert len(losses) < 200
    assert len(losses) - 1 - losses.argmin() == 3
    assert network.history_["loss"][-1] < network.history_["loss"][losses.argmin()]
    held_out = quick(Classifier, validation=0.3, epochs=int(losses.argmin()) + 1).fit(x, y)
    assert np.array_equal(held_out.predict_proba(x), network.predict_proba(x))


def test_what_is_held_out_has_its_share_of_each_class():
    x, y = blobs(100)
    y = (y == 0).astype(int)  # a third
    y[y.nonzero()[0][10:]] = 0  # a tenth: ten rows
    seen = []

    def optimiser(params, grads, state, *, rate):
        return params, state

    def outputs(params, x):
        if isinstance(x, np.ndarray) and not isinstance(params["bias"], tg.Tensor):
            seen.append(x)
        return line(params, x)

    network = quick(
        Classifier, model=(initial_line, outputs), optimiser=optimiser, epochs=1, jit=False,
        validation=0.2, batch_size=100,
    )  # fmt: skip
    network.fit(x, y)
    [rows] = seen
    labels = [y[(x == row).all(-1)][0] for row in rows]
    assert (len(labels), sum(labels)) == (20, 2)


def test_partial_fit_is_a_loop_of_ones_own():
    x, y = blobs()
    network = quick(Classifier, model=(initial_line, line), batch_size=1000, rate=0.1)
    params, state = initial_line(None, 2, 3), None
    for _ in range(3):
        network.partial_fit(x, y, classes=[0, 1, 2])
        grads = tg.grad(lambda params: tg.cross_entropy(line(params, x), y))(params)
        params, state = tg.optim.adam(params, grads, state, rate=0.1)
    np.testing.assert_allclose(network.params_["weights"], params["weights"], rtol=1e-9)


def test_a_schedule_counts_the_steps_of_all_calls():
    x, y = plane()
    steps = []
    network = quick(Regressor, rate=lambda step: steps.append(step) or 0.01, batch_size=50)
    for _ in range(2):
        network.partial_fit(x, y)
    assert steps == [0, 1, 2, 3]


def test_partial_fit_goes_on_after_fit():
    x, y = plane(outputs=1)
    network = quick(Regressor, epochs=1).fit(x, y[:, 0])
    before = network.score(x, y[:, 0])
    for _ in range(30):
        network.partial_fit(x, y[:, 0])
    assert network.score(x, y[:, 0]) > max(before, 0.9)


def test_a_first_part_need_not_have_all_classes():
    x, y = blobs()
    network = quick(Classifier).partial_fit(x[y < 2], y[y < 2], classes=[0, 1, 2])
    assert network.predict_proba(x).shape == (len(x), 3)
    for _ in range(50):
        network.partial_fit(x, y)
    assert network.score(x, y) > 0.95


def test_a_convolution_as_the_model():
    data = tg.data.garments(300, 100)
    train, test = [x.reshape(len(x), -1) / 255 for x in (data.train_images, data.test_images)]
    network = quick(Classifier, model=(initial_filters, filtered), epochs=3)
    network.fit(train.astype(np.float32), data.train_labels)
    assert network.score(test, data.test_labels) > 0.85


def test_ctrl_c_ends_the_search_too_and_keeps_what_there_is():
    x, y = blobs()

    def optimiser(params, grads, state, *, rate):
        signal.raise_signal(signal.SIGINT)
        return tg.optim.sgd(params, grads, state, rate=rate)

    network = quick(Classifier, optimiser=optimiser, jit=False)
    with pytest.raises(KeyboardInterrupt):
        network.fit(x, y)
    assert network.predict(x).shape == y.shape


# What is refused


def fitted():
    return quick(Classifier, epochs=1).fit(*blobs())


X, Y = blobs()
REFUSED = {
    "not fitted": (lambda: Classifier().predict(X), NotFittedError, "not fitted yet"),
    "features": (lambda: fitted().predict(X[:, :1]), ValueError, "has 1 features, but Classifier"),
    "features of a part": (
        lambda: fitted().partial_fit(X[:, :1], Y), ValueError, "has 1 features, but Classifier"),
    "no number": (lambda: Classifier().fit(X * np.nan, Y), ValueError, "NaN"),
    "classes that are continuous": (
        lambda: Classifier().fit(X, X[:, 0]), ValueError, "Unknown label type"),
    "no classes": (lambda: Classifier().partial_fit(X, Y), ValueError, "first call to partial_fit"),
    "another class": (lambda: fitted().partial_fit(X, Y + 1), ValueError, "have the classes .0, 1"),
    "other classes": (
        lambda: fitted().partial_fit(X, Y, classes=[0, 1]), ValueError, "the classes .0, 1, 2. al"),
    "another number of targets": (
        lambda: Regressor().partial_fit(X, X).partial_fit(X, Y), ValueError, "give as many targ"),
    "hidden": (lambda: Classifier(hidden=(8, 0)).fit(X, Y), ValueError, "from 1 on, not .8, 0."),
    "half a width": (lambda: Regressor(hidden=2.5).fit(X, Y), ValueError, "not 2.5"),
    "model": (lambda: Classifier(model=line).fit(X, Y), TypeError, "model is two functions"),
    "a model the wrong way round": (
        lambda: Classifier(model=(line, initial_line)).fit(X, Y), TypeError,
        r"^Classifier: model is two functions, \(initial, outputs\).* line does not take \(rng"),
    "outputs that take no params": (
        lambda: Classifier(model=(initial_line, initial_line)).fit(X, Y), TypeError,
        r"\(initial, outputs\).*initial_line does not take \(params, x\)"),
    "outputs": (
        lambda: Classifier(model=(initial_line, line_for_two)).fit(X, Y), ValueError,
        r"shape \(32, 2\) for 32 rows; its outputs must be \(32, 3\)"),
    "no arrays of a model": (
        lambda: Classifier(model=(initial_with_rng, line)).fit(X, Y), TypeError,
        r"initial gives params\['rng'\] as Generator, .*; give .*a state is for tg.training.fit"),
    "complex parameters": (
        lambda: Classifier(model=(initial_complex, line)).fit(X, Y), TypeError,
        r"params\['bias'\] as ndarray, dtype complex128; give arrays of real"),
    "no parameters": (
        lambda: Classifier(model=(lambda *sizes: {}, line)).fit(X, Y), TypeError, "no arrays"),
    "outputs that are no array": (
        lambda: Regressor(model=(initial_line, lambda params, x: (line(params, x), 1))).fit(X, Y),
        ValueError, r"gives a tuple for 32 rows; its outputs must be \(32, 1\)"),
    "images": (
        lambda: Classifier().fit(X.reshape(-1, 1, 2, 1), Y), ValueError,
        r"shape \(120, 1, 2, 1\); give rows, X.reshape\(len\(X\), -1\)"),
    "images to predict": (
        lambda: fitted().predict(X.reshape(-1, 1, 2, 1)), ValueError, "give rows, X.reshape"),
    "patience": (
        lambda: Classifier(patience=3).fit(X, Y), ValueError, "give validation=0.1, a share"),
    **{
        f"validation {share}": (
            lambda share=share: Classifier(validation=share).fit(X, Y), ValueError,
            rf"^Classifier: validation={share!r} of 120 rows cannot be held out: .*give a share")
        for share in (0.001, 0.999, 500)
    },
    **{
        f"validation {share}": (
            lambda share=share: Classifier(validation=share).fit(X, Y), ValueError,
            f"^Classifier: validation is a share, such as .*, or a number of rows, not {share!r}$")
        for share in (0, 0.0, 1.0, 1.5, -3, True, "a", np.nan)
    },
    "validation with data": (
        lambda: Regressor(validation=(X, Y)).fit(X, Y), ValueError,
        "^Regressor: validation is a share, such as 0.2, or a number of rows, not a tuple; "
        "tg.training.fit takes rows of your own$"),
    "validation of a class of one": (
        lambda: Classifier(validation=0.2).fit(X, np.where(np.arange(120) == 0, 9, Y)), ValueError,
        "only 1 member.*give a share"),
    "rate of a part": (
        lambda: Regressor(rate="adaptive").partial_fit(X, Y), TypeError, "rate must be a number"),
    "rates of a part": (
        lambda: Regressor(rate=lambda step: "a").partial_fit(X, Y), TypeError, "rate of step 0"),
    "optimiser of a part": (
        lambda: Regressor(optimiser="adam").partial_fit(X, Y), TypeError, "such as tg.optim.adam"),
    "epochs": (lambda: Regressor(epochs=-1).fit(X, Y), ValueError, "epochs must be an integer"),
    **{
        f"random_state {name}": (
            lambda seed=seed: Classifier(random_state=seed).fit(X, Y), ValueError,
            "^Classifier: random_state is an integer from 0 to 2.*32 - 1, or a numpy.random.Random"
            f"State, not {told}")
        for name, seed, told in [
            ("text", "x", "'x'"), ("below 0", -1, "-1"),
            ("generator", np.random.default_rng(0), r"Generator.*; of a Generator give int\(rng"),
        ]
    },
    "weights of other rows": (
        lambda: Classifier().fit(X, Y, [1.0, 2.0]), ValueError, r"shape \(2,\); give a weight for"),
    "weights below 0": (lambda: Classifier().fit(X, Y, -X[:, 0]), ValueError, "at least 0"),
    "a weight": (lambda: Classifier().fit(X, Y, 2.0), ValueError, r"shape \(\); give a weight for"),
    "complex weights": (lambda: Classifier().fit(X, Y, Y + 1j), ValueError, "Complex data"),
    "weights of no numbers": (
        lambda: Classifier().fit(X, Y, [np.nan] * len(X)), ValueError, "weight contains NaN"),
    "weights of nothing": (lambda: Classifier().fit(X, Y, 0 * Y), ValueError, "weight is zero"),
    "weights of nothing in the validation": (
        lambda: Classifier(validation=2 / 3, random_state=0).fit(X, Y, np.arange(len(X)) == 0),
        ValueError, "sample_weight in .* is zero"),
    "another library's name": (
        lambda: Classifier(hidden_layer_sizes=3), TypeError, "it is 'hidden' here"),
    **{
        f"another library's {name}": (
            lambda name=name: Regressor(**{name: 1}), TypeError, f"no argument '{name}'; {told}")
        for name, told in {
            "alpha": "give optimiser=.*tg.optim.adamw, weight_decay=",
            "momentum": "give optimiser=.*tg.optim.sgd, momentum=",
            "activation": "give model=",
            "early_stopping": "give validation=0.1, patience=10",
            "tol": "give validation=0.1, patience=10",
            "warm_start": "use partial_fit",
        }.items()
    },
    **{
        f"{name} of {kind.__name__}": (
            lambda kind=kind, name=name: kind(**{name: 1}), TypeError,
            f"^{kind.__name__} has no argument '{name}'; it ")
        for kind in (Classifier, Regressor) for name in ("solver", "foo")
    },
    "two arguments by position": (
        lambda: Regressor(8, 3), TypeError, r"^Regressor.__init__\(\) takes from 1 to 2 pos"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    call, error, told = REFUSED[name]
    with pytest.raises(error, match=told):
        call()


def test_a_column_of_classes_is_warned_about():
    with pytest.warns(DataConversionWarning, match="column-vector"):
        quick(Classifier, epochs=1).fit(X, Y[:, None])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_part_that_diverges_leaves_the_network_as_it_was():
    x, y = plane()
    network = quick(Regressor).partial_fit(x, y)
    before = network.predict(x)
    with pytest.raises(FloatingPointError, match=r"is (inf|nan|not finite)"):
        network.set_params(rate=1e200).partial_fit(x, y)
    assert np.array_equal(network.predict(x), before)


def test_another_model_that_is_set_is_for_the_next_fit():
    x, y = blobs()
    network = quick(Classifier).fit(x, y)
    before = network.predict(x)
    network.set_params(model=(initial_line, line), hidden=0)
    assert np.array_equal(network.predict(x), before)


def test_a_fit_that_fails_leaves_no_parameters_for_other_classes():
    x, y = blobs()
    network = quick(Classifier).fit(x, y)
    network.set_params(model=(initial_line, line_for_two))
    with pytest.raises(ValueError, match="its outputs must be"):
        network.fit(x, y + 10)
    with pytest.raises(NotFittedError):
        network.predict(x)


@pytest.mark.parametrize("kind", [Classifier, Regressor])
def test_a_fit_that_is_refused_leaves_no_parameters_for_other_features(kind):
    x, y = blobs()
    network = quick(kind, epochs=1).fit(x, y)
    with pytest.raises(ValueError, match="sample_weight"):
        network.fit(x[:, ::-1], y, -np.ones(len(x)))
    with pytest.raises(NotFittedError):
        network.predict(x)


@pytest.mark.parametrize("scale", [1e-300, 1e308])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_only_ratios_of_weights_count(scale, dtype):
    x, y = blobs(dtype=dtype)
    weights = 0.5 ** (np.arange(len(x)) % 3)
    plain, scaled = [quick(Classifier).fit(x, y, one) for one in (weights, weights * scale)]
    np.testing.assert_allclose(plain.predict_proba(x), scaled.predict_proba(x), rtol=1e-4)


def test_a_search_by_two_processes_takes_local_functions():
    """joblib's processes do, by cloudpickle; pickle does not."""
    x, y = blobs()
    model = (lambda rng, features, outputs: np.zeros((features, outputs)), lambda w, x: x @ w)
    network = quick(Classifier, model=model)
    assert GridSearchCV(network, {"rate": [1e-2]}, cv=2, n_jobs=2).fit(x, y).best_score_ > 0.9
    with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
        pickle.dumps(network.fit(x, y))


def test_parameters_that_are_set_are_gone_on_with():
    x, y = plane()
    network = quick(Regressor, model=(initial_line, line), rate=0.0).partial_fit(x, y)
    network.params_ = {"weights": np.ones((3, 2)), "bias": np.ones(2)}
    assert np.array_equal(network.partial_fit(x, y).predict(x), x @ np.ones((3, 2)) + 1)


# Docs


@pytest.mark.whole
@pytest.mark.parametrize("kind", [Classifier, Regressor])
def test_the_docstring(kind):
    assert list(faults(kind)) == []


def test_the_examples_of_the_module():
    module = importlib.import_module("tinygrad_np.training.estimators")
    assert doctest.testmod(module) == (0, 13)


@pytest.mark.whole
@pytest.mark.skipif(not PAGE.exists(), reason="an installed package has no docs")
def test_the_page():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.attempted > 10
    assert found.failed == 0
