"""What `tg.training` offers with scikit-learn, and without it."""

import subprocess
import sys

import pytest

import tinygrad_np as tg


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


WITHOUT = "import sys; sys.modules['sklearn'] = None\n"


@pytest.mark.parametrize(
    "code", ["tg.training.Classifier", "from tinygrad_np.training import Regressor"]
)
def test_without_scikit_learn_an_estimator_says_what_to_install(code):
    told = run(
        f"{WITHOUT}import tinygrad_np as tg\n"
        f"try:\n    {code}\nexcept ImportError as error:\n    print(error)"
    )
    assert told.endswith("needs scikit-learn, 1.6 or newer; install it with: "
                         "pip install 'scikit-learn>=1.6'")  # fmt: skip


def test_without_scikit_learn_the_rest_is_there():
    told = run(
        f"{WITHOUT}from tinygrad_np.training import *; print(fit.__name__, 'Classifier' in dir())"
    )
    assert told == "fit False"


def test_scikit_learn_loads_with_the_first_estimator():
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    code = (
        "import sys, tinygrad_np as tg; tg.training.fit; print('sklearn' in sys.modules)\n"
        "tg.training.Classifier; print('sklearn' in sys.modules)"
    )
    assert run(code).split() == ["False", "True"]


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="has no attribute 'Predictor'"):
        tg.training.Predictor  # noqa: B018
