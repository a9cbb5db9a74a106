"""Networks as estimators of scikit-learn's, for its pipelines and searches, trained by `fit`.

`Classifier` tells classes apart, `Regressor` predicts numbers.

They need scikit-learn (the extra ``sklearn``), 1.6 or newer, and are imported with it when one of
the two names is first used.

>>> from sklearn.datasets import load_iris
>>> from sklearn.model_selection import cross_val_score
>>> from sklearn.pipeline import make_pipeline
>>> from sklearn.preprocessing import StandardScaler
>>> x, y = load_iris(return_X_y=True)
>>> network = make_pipeline(StandardScaler(), Classifier(hidden=16, rate=1e-2, random_state=0))
>>> bool(cross_val_score(network, x, y).mean() > 0.9)
True
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from itertools import pairwise
from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..answers import explained
from ..core import tree
from ..core.arrays import Array
from ..core.network import dense, relu, softmax
from ..data.batches import minibatches
from ..nn import init
from ..nn.losses import cross_entropy, mse
from ..nn.optimisers import adam
from .fit import Fitted, check_arguments, fit, rate_at
from .steps import Run, Stepper

Model = tuple[Callable[..., Any], Callable[..., Any]]

_AT_ONCE = 1000
"""So many rows are predicted at a time: what a convolution makes of them stays small."""


def _initial(hidden: tuple[int, ...], rng: np.random.Generator, features: int, outputs: int) -> Any:
    # Glorot's first weights are smaller where there are few inputs. R² of make_friedman1: 0.92 with
    # them, 0.90 with LeCun's.
    draw = init.glorot_uniform
    return [
        init.dense(rng, *sizes, weights=draw) for sizes in pairwise((features, *hidden, outputs))
    ]


def _network(params: Any, x: Any) -> Any:
    for layer in params[:-1]:
        x = relu(dense(x, **layer))
    return dense(x, **params[-1])


def _of_its_class(init: Callable[..., None]) -> Callable[..., None]:
    """Make the constructor's errors name the class that is called."""

    @wraps(init)
    def called(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            init(self, *args, **kwargs)
        except TypeError as error:
            told = str(error).replace("Estimator", type(self).__name__, 1)
            raise TypeError(told) from None

    return called


def _takes(function: Callable[..., Any], names: str) -> bool:
    """Whether it can be called with so many arguments; True where it does not tell."""
    try:
        parameters = inspect.signature(function)
    except ValueError:
        return True
    try:
        parameters.bind(*names.split(", "))
    except TypeError:
        return False
    return True


class Estimator(BaseEstimator):
    """What the two have in common: parameters trained, and gone on with, for a loss a row."""

    _loss: Any  # (outputs, targets, reduction) → a loss of each
    _needs_strata = False  # whether each part of the data has its share of each class

    @_of_its_class
    @explained
    def __init__(
        self,
        hidden: int | tuple[int, ...] = (100,),
        *,
        model: Model | None = None,
        optimiser: Callable[..., Any] = adam,
        rate: float | Callable[[int], float] = 1e-3,
        epochs: int = 100,
        batch_size: int = 32,
        validation: float | None = None,
        patience: int | None = None,
        random_state: Any = None,
        progress: bool = False,
        jit: bool = True,
    ) -> None:
        self.hidden = hidden
        self.model = model
        self.optimiser = optimiser
        self.rate = rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation = validation
        self.patience = patience
        self.random_state = random_state
        self.progress = progress
        self.jit = jit

    def _said(self, problem: str) -> str:
        return f"{type(self).__name__}: {problem}"

    def _functions(self) -> Model:
        """What makes parameters of (rng, features, outputs), and outputs of (params, x)."""
        if self.model is not None:
            pair = self.model
            problem = "model is two functions, (initial, outputs): initial(rng, features, "
            problem += "outputs) → params and outputs(params, x) → array"
            if not (isinstance(pair, tuple) and len(pair) == 2 and all(map(callable, pair))):
                raise TypeError(self._said(f"{problem}, not {pair!r:.60}"))
            for function, names in zip(pair, ("rng, features, outputs", "params, x"), strict=True):
                if not _takes(function, names):
                    name = getattr(function, "__name__", type(function).__name__)
                    raise TypeError(self._said(f"{problem}; {name} does not take ({names})"))
            return pair
        hidden = self.hidden if isinstance(self.hidden, tuple | list) else (self.hidden,)
        is_int = [isinstance(n, int | np.integer) and not isinstance(n, bool) for n in hidden]
        if not all(is_int) or any(n < 1 for n in hidden):
            problem = "hidden is the width of the hidden layer, or a tuple of widths, each an "
            raise ValueError(self._said(f"{problem}integer from 1 on, not {self.hidden!r:.60}"))
        return partial(_initial, tuple(hidden)), _network

    def _rows(self, X: Any, y: Any, weights: Any, reset: bool = True) -> tuple[Array, ...]:
        """X and y, checked, and weights of mean 1 where there are any."""
        more = {} if self._needs_strata else {"multi_output": True, "y_numeric": True}
        X, y = self._checked(X, y, reset=reset, **more)
        if weights is None:
            return X, y
        weights = np.asarray(weights)
        if weights.shape != (len(X),):
            problem = f"sample_weight has shape {weights.shape}; give a weight for each of "
            raise ValueError(self._said(f"{problem}{len(X)} rows, ({len(X)},)"))
        checks = {"dtype": np.float64, "ensure_2d": False, "input_name": "sample_weight"}
        weights = check_array(weights, **checks)
        if np.any(weights < 0):
            raise ValueError(self._said("sample_weight must be at least 0"))
        self._check_some(weights, "")
        weights = weights / np.max(weights)  # whose sum is finite
        return X, y, (weights / np.mean(weights)).astype(X.dtype)

    def _checked(self, X: Any, *y: Any, reset: bool, **more: Any) -> Any:
        """X, and y, in the dtype of the parameters, which is that of the data of the first call."""
        if reset:
            # A fit that fails leaves no parameters of another model, or of other data.
            self.__dict__.pop("params_", None)
        if getattr(X, "ndim", 2) > 2:
            problem = f"X has shape {X.shape}; give rows, X.reshape(len(X), -1), to which `model` "
            raise ValueError(self._said(f"{problem}gives their shape again"))
        dtype = (np.float64, np.float32) if reset else self._dtype
        return validate_data(self, X, *y, reset=reset, dtype=dtype, **more)

    def _check_some(self, weights: Array, of: str) -> None:
        if not np.any(weights):
            problem = f"each sample_weight{of} is zero; give some row more weight"
            raise ValueError(self._said(problem))

    def _start(self, X: Array, outputs: int) -> tuple[np.random.Generator, Any]:
        """A generator, and parameters drawn from it."""
        try:
            random_state = check_random_state(self.random_state)
        except ValueError as error:
            problem = "random_state is an integer from 0 to 2**32 - 1, or a "
            problem += f"numpy.random.RandomState, not {self.random_state!r:.40}"
            if isinstance(self.random_state, np.random.Generator):
                problem += "; of a Generator give int(rng.integers(2**32))"
            raise ValueError(self._said(problem)) from error
        rng = np.random.default_rng(random_state.randint(np.iinfo(np.int32).max, size=4))
        self._dtype, (initial, self._of_params) = X.dtype, self._functions()
        params = initial(rng, X.shape[1], outputs)
        if not tree.leaves(params):
            raise TypeError(self._said("initial gives no arrays; give some that can be trained"))
        for path, leaf in zip(tree.paths(params), tree.leaves(params), strict=True):
            kind = getattr(leaf, "dtype", np.dtype(type(leaf)))
            if not isinstance(leaf, np.ndarray | np.number | int | float) or kind.kind not in "iuf":
                problem = f"initial gives params{path} as {type(leaf).__name__}, dtype {kind}; "
                problem += "give arrays of real numbers (a state is for tg.training.fit)"
                raise TypeError(self._said(problem))
        return rng, tree.map(lambda leaf: np.asarray(leaf).astype(X.dtype), params)

    def _outputs(self, params: Any, X: Any, outputs: int) -> Any:
        z = self._of_params(params, X)
        if getattr(z, "shape", None) != (len(X), outputs):
            found = f"the shape {z.shape}" if hasattr(z, "shape") else f"a {type(z).__name__}"
            problem = f"the model gives {found} for {len(X)} rows; its outputs must be "
            raise ValueError(self._said(f"{problem}({len(X)}, {outputs})"))
        return z

    def _mean_loss(self, outputs: int) -> Callable[..., Any]:
        def mean_loss(params: Any, X: Any, y: Any, weights: Any = None) -> Any:
            z = self._outputs(params, X, outputs)
            if weights is None:
                return self._loss(z, y)
            return np.mean(self._loss(z, y, reduction="none").T * weights)

        return mean_loss

    def _fit(self, rows: tuple[Array, ...], outputs: int) -> Self:
        """Train with (X, y[, weights]); y is what the loss takes."""
        rng, params = self._start(rows[0], outputs)
        if self.patience is not None and self.validation is None:
            problem = "patience is of a validation; give validation=0.1, a share to hold out"
            raise ValueError(self._said(problem))
        tests = None
        if self.validation is not None:
            share: Any = self.validation
            is_count = isinstance(share, int | np.integer) and not isinstance(share, bool)
            is_number = isinstance(share, Real)  # NumPy's, too
            if not (share >= 1 if is_count else is_number and 0 < share < 1):
                told = f"{share!r:.40}"
                if not (is_number or isinstance(share, str)):
                    told = f"a {type(share).__name__}; tg.training.fit takes rows of your own"
                problem = "validation is a share, such as 0.2, or a number of rows, not"
                raise ValueError(self._said(f"{problem} {told}"))
            try:
                parts = train_test_split(
                    *rows, test_size=share, random_state=int(rng.integers(2**31)),
                    stratify=rows[1] if self._needs_strata else None,
                )  # fmt: skip
            except ValueError as error:
                problem = f"validation={share!r:.40} of {len(rows[0])} rows cannot be held out: "
                problem += f"{str(error).rstrip('.')}; give a share that leaves rows (of each "
                problem += "class) on both sides"
                raise ValueError(self._said(problem)) from error
            rows, tests = tuple(parts[::2]), tuple(parts[1::2])
            for part, of in ((rows, "in training"), (tests, "in the validation")):
                for weights in part[2:]:
                    self._check_some(weights, f" {of}")
        found: Fitted = fit(
            self._mean_loss(outputs), params, rows, self.optimiser, rate=self.rate,
            epochs=self.epochs, batch_size=self.batch_size, rng=rng, validation=tests,
            patience=self.patience, progress=self.progress, jit=self.jit,
        )  # fmt: skip
        self.params_, self.history_ = found.params, found.history
        self._rng, self._run = rng, Run(found.params, None)
        if found.stopped == "interrupted":  # a search around it ends, too
            raise KeyboardInterrupt
        return self

    def _go_on(self, rows: tuple[Array, ...], outputs: int) -> Self:
        """An epoch more: with the parameters, and the optimiser's state, that there are."""
        is_first = not hasattr(self, "params_")
        if is_first:
            self._rng, params = self._start(rows[0], outputs)
            self._run = Run(params, None)
        run = self._run if is_first else self._run._replace(params=self.params_)
        mean_loss = self._mean_loss(outputs)
        check_arguments(mean_loss, run.params, self.optimiser, self.rate, self.epochs)
        stepper = Stepper(mean_loss, self.optimiser, False, None, False, (), 1)
        for batch in minibatches(self._rng, rows, self.batch_size):
            run = stepper.step(run, batch, rate_at(self.rate, run.step))
        stepper.check_params(run)
        self._run, self.params_ = run, run.params
        return self

    def _predicted(self, X: Any, outputs: int) -> Array:
        check_is_fitted(self, "params_")
        X = self._checked(X, reset=False)
        parts = [X[i : i + _AT_ONCE] for i in range(0, len(X), _AT_ONCE)]
        return np.concatenate([self._outputs(self.params_, part, outputs) for part in parts])


class Classifier(ClassifierMixin, Estimator):
    """A network that tells classes apart, as an estimator of scikit-learn's.

    It minimises `tg.cross_entropy` by `tg.training.fit`. A new fit draws new parameters.

    Parameters
    ----------
    hidden : int or tuple of ints, default (100,)
        Widths of the hidden layers, dense ones with relu; ``()`` is a linear model.
    model : pair of functions, optional
        In place of that network: ``initial(rng, features, outputs)`` gives a tree of arrays, and
        ``outputs(params, x)`` a logit for each class, (n, outputs). With functions of a module, not
        lambdas, the estimator can be pickled.
    optimiser : function, `tg.optim.adam` by default
        From `tg.optim`, with further arguments by ``functools.partial``.
    rate : number or function of the step, default 1e-3
    epochs : int, default 100
    batch_size : int, default 32
    validation : number from 0 to 1, optional
        Such a share of the rows, of each class alike, is held out (an int is a number of rows), and
        the parameters with the least loss there are kept.
    patience : int, optional
        After so many epochs without better parameters the training ends; it needs a `validation`.
    random_state : int or numpy.random.RandomState, optional
        Draws the parameters, what is held out, and the order of the rows.
    progress : bool, default False
        Whether to print a line an epoch.
    jit : bool, default True
        As for `tg.training.fit`.

    Attributes
    ----------
    classes_ : array (classes,)
    params_ : tree of arrays
        Of the dtype of the data, float32 or float64.
    history_ : History
        Of the last `fit`, a row an epoch.
    n_features_in_ : int

    Examples
    --------
    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> network = Classifier(hidden=16, rate=1e-2, epochs=300, random_state=0)
    >>> network.fit(x, ["same", "other", "other", "same"]).predict(x)
    array(['same', 'other', 'other', 'same'], dtype='<U5')
    """

    _loss = staticmethod(cross_entropy)
    _needs_strata = True

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train from the beginning; where it raises, the estimator is not fitted.

        Parameters
        ----------
        X : (n, features) array_like
        y : (n,) array_like
            Classes: integers, strings, …
        sample_weight : (n,) array_like, optional
            Each row's loss is multiplied by it; only ratios count.

        Returns
        -------
        Classifier
            Itself.

        Raises
        ------
        ValueError, TypeError
            For data and arguments that do not fit.
        FloatingPointError
            Where the loss or a parameter becomes nan or inf.
        """
        X, y, *weights = self._rows(X, y, sample_weight)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        return self._fit((X, codes, *weights), len(self.classes_))

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train one epoch more with these rows, without `validation`, `progress` and `jit`.

        The optimiser's state is kept from call to call; after `fit` it begins anew.

        Parameters
        ----------
        X : (n, features) array_like
        y : (n,) array_like
        classes : array_like, optional
            All that there will be; the first call needs them.
        sample_weight : (n,) array_like, optional
            Ratios within this call count.

        Returns
        -------
        Classifier
            Itself.
        """
        is_first = not hasattr(self, "params_")
        if is_first and classes is None:
            problem = "classes must be passed on the first call to partial_fit; give all of them"
            raise ValueError(self._said(problem))
        X, y, *weights = self._rows(X, y, sample_weight, reset=is_first)
        check_classification_targets(y)
        given = self.classes_ if classes is None else np.unique(classes)
        known = given if is_first else self.classes_
        if not np.array_equal(given, known) or not np.all(np.isin(y, known)):
            problem = f"y and classes may have the classes {known.tolist()!s:.200} alone; "
            raise ValueError(self._said(f"{problem}name all of them in the first partial_fit"))
        self.classes_ = known
        return self._go_on((X, np.searchsorted(known, y), *weights), len(known))

    def predict_proba(self, X: Any) -> Array:
        """Probabilities of the classes, in the order of ``classes_``.

        Parameters
        ----------
        X : (n, features) array_like

        Returns
        -------
        array (n, classes)
        """
        check_is_fitted(self, "params_")
        return softmax(self._predicted(X, len(self.classes_)))

    def predict(self, X: Any) -> Array:
        """The class with the largest probability.

        Parameters
        ----------
        X : (n, features) array_like

        Returns
        -------
        array (n,) of classes
        """
        check_is_fitted(self, "params_")
        return self.classes_[np.argmax(self._predicted(X, len(self.classes_)), -1)]


class Regressor(RegressorMixin, MultiOutputMixin, Estimator):
    """A network that predicts numbers, as an estimator of scikit-learn's.

    It minimises `tg.nn.mse` by `tg.training.fit`. A new fit draws new parameters. Targets
    of another scale than about 1 are put on it by scikit-learn's ``TransformedTargetRegressor``.

    Parameters
    ----------
    hidden : int or tuple of ints, default (100,)
        Widths of the hidden layers, dense ones with relu; ``()`` is a linear model.
    model : pair of functions, optional
        In place of that network: ``initial(rng, features, outputs)`` gives a tree of arrays, and
        ``outputs(params, x)`` the numbers, (n, outputs), also for one, (n, 1). With functions of a
        module, not lambdas, the estimator can be pickled.
    optimiser : function, `tg.optim.adam` by default
        From `tg.optim`, with further arguments by ``functools.partial``.
    rate : number or function of the step, default 1e-3
    epochs : int, default 100
    batch_size : int, default 32
    validation : number from 0 to 1, optional
        Such a share of the rows is held out (an int is a number of rows), and the parameters with
        the least loss there are kept.
    patience : int, optional
        After so many epochs without better parameters the training ends; it needs a `validation`.
    random_state : int or numpy.random.RandomState, optional
        Draws the parameters, what is held out, and the order of the rows.
    progress : bool, default False
        Whether to print a line an epoch.
    jit : bool, default True
        As for `tg.training.fit`.

    Attributes
    ----------
    params_ : tree of arrays
        Of the dtype of the data, float32 or float64.
    history_ : History
        Of the last `fit`, a row an epoch.
    n_features_in_ : int

    Examples
    --------
    >>> x = np.linspace(-1, 1, 64)[:, None]
    >>> network = Regressor(rate=1e-2, random_state=0).fit(x, np.abs(x[:, 0]))
    >>> bool(network.score(x, np.abs(x[:, 0])) > 0.99)
    True
    """

    _loss = staticmethod(mse)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train from the beginning; where it raises, the estimator is not fitted.

        Parameters
        ----------
        X : (n, features) array_like
        y : (n,) or (n, outputs) array_like
        sample_weight : (n,) array_like, optional
            Each row's loss is multiplied by it; only ratios count.

        Returns
        -------
        Regressor
            Itself.

        Raises
        ------
        ValueError, TypeError
            For data and arguments that do not fit.
        FloatingPointError
            Where the loss or a parameter becomes nan or inf.
        """
        X, y, *weights = self._rows(X, y, sample_weight)
        self._shape = y.shape[1:]
        return self._fit((X, self._columns(y, X.dtype), *weights), int(np.prod(self._shape)))

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one epoch more with these rows, without `validation`, `progress` and `jit`.

        The optimiser's state is kept from call to call; after `fit` it begins anew.

        Parameters
        ----------
        X : (n, features) array_like
        y : (n,) or (n, outputs) array_like
        sample_weight : (n,) array_like, optional
            Ratios within this call count.

        Returns
        -------
        Regressor
            Itself.
        """
        is_first = not hasattr(self, "params_")
        X, y, *weights = self._rows(X, y, sample_weight, reset=is_first)
        if not is_first and y.shape[1:] != self._shape:
            problem = f"y has shape {y.shape}, and in the call before it was {('n', *self._shape)}"
            raise ValueError(self._said(f"{problem}; give as many targets"))
        self._shape = y.shape[1:]
        return self._go_on((X, self._columns(y, X.dtype), *weights), int(np.prod(self._shape)))

    @staticmethod
    def _columns(y: Array, dtype: Any) -> Array:
        return y.reshape(len(y), -1).astype(dtype)

    def predict(self, X: Any) -> Array:
        """Numbers in the shape of the targets.

        Parameters
        ----------
        X : (n, features) array_like

        Returns
        -------
        array (n,) or (n, outputs)
        """
        check_is_fitted(self, "params_")
        return self._predicted(X, int(np.prod(self._shape))).reshape(-1, *self._shape)
