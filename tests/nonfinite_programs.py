"""Twenty-one programs with a planted nan or inf: the line that is to be named ends in ``# HERE``.

`FORWARD` are those whose value goes bad, `REVERSE` those whose value is finite and whose gradient
is not, among them `SECOND`, whose gradient is finite, too. Each runs as ``program()`` and gives
what a user would see: the bad value or derivative. `WHY` has a word of the remedy for each.
"""

import functools

import numpy as np

import tinygrad_np as tg

FORWARD, REVERSE, SECOND = [], [], []
WHY = {}


def kept(why, *lists):
    def keep(program):
        for programs in lists:
            programs.append(program)
        WHY[program] = why
        return program

    return keep


# ten forward


@kept("np.where(mask, x, 1.0)", FORWARD)
def log_of_a_zero_count():
    counts = tg.Tensor([3.0, 0.0, 5.0])
    p = counts / counts.sum()
    terms = p * np.log(p)  # HERE
    return -terms.sum()


@kept("subtract the maximum first", FORWARD)
def softmax_by_hand():
    def softmax(z):
        e = np.exp(z)  # HERE
        return e / e.sum(axis=-1, keepdims=True)

    return tg.value_and_grad(lambda z: np.sum(softmax(z) ** 2))(np.array([[1.0, 1000.0]]))[0]


@kept("tinygrad_np.cross_entropy", FORWARD)
def log_of_a_softmax():
    def loss(z):
        p = tg.softmax(z)
        return -np.mean(
            np.log(p)[:, 0],  # HERE
        )

    return tg.value_and_grad(loss)(np.array([[-200.0, 10.0]], np.float32))[0]


@kept("takes the logits z", FORWARD)
def log_loss_by_hand_of_a_certain_prediction():
    def model(w, x):
        return tg.sigmoid(x @ w)

    def loss(w, x, y):
        p = model(w, x)
        return -np.mean(y * np.log(p))  # HERE

    return tg.value_and_grad(loss)(np.array([-50.0]), np.ones((1, 1)) * 100, np.array([1.0]))[0]


@kept("norm is 0", FORWARD)
def unit_vector_of_zeros():
    class Model:
        def __call__(self, v):
            norm = np.sqrt((v * v).sum())
            return v / norm  # HERE

    return tg.jvp(Model(), [np.zeros(3)], [np.ones(3)])[0]


@kept("std of equal values is 0", FORWARD)
def standardised_constant_column():
    def standardised(x):
        return (x - x.mean()) / x.std()  # HERE

    return tg.jacobian(standardised)(np.full(4, 2.5))


@kept("no integer", FORWARD)
def root_of_a_negative_number():
    def area(sides):
        a, b, c = sides
        s = (a + b + c) / 2
        return (s * (s - a) * (s - b) * (s - c)) ** 0.5  # HERE

    return tg.value_and_grad(area)(np.array([1.0, 2.0, 4.0]))[0]


@kept("add up logarithms", FORWARD)
def likelihood_as_a_product():
    densities = tg.Tensor(np.full(50, 1e30, np.float32))
    return densities.prod()  # HERE


@kept("rounds below 0", FORWARD)
def distance_by_expanding_the_square():
    def distances(x):
        squares = np.sum(x * x, axis=1)
        s = squares[:, None] + squares[None, :] - 2 * x @ x.T - 1e-9
        return np.sum(np.sqrt(s))  # HERE

    return tg.grad(distances)(np.ones((2, 3)))


@kept("np.clip the argument", FORWARD)
def angle_beyond_the_domain():
    def angle(u, v):
        cosine = np.dot(u, v) / (np.linalg.norm(v) * 0.3)
        return np.arccos(cosine)  # HERE

    u, v = np.array([0.1, 0.2, 0.3]), np.array([0.1, 0.2, 0.3])
    return tg.value_and_grad(functools.partial(angle, v=v))(u)[0]


# eleven that appear only in the reverse sweep


@kept("the branch that np.where does not take", REVERSE)
def where_over_sqrt():
    def f(x):
        root = np.sqrt(x)  # HERE
        return np.sum(np.where(x > 0, root, 0.0))

    return tg.grad(f)(np.array([0.0, 4.0]))


@kept("the norm at 0", REVERSE)
def norm_by_hand():
    def penalty(w):
        return np.sqrt(np.sum(w**2))  # HERE

    w = tg.Tensor(np.zeros(3))
    loss = penalty(w) + 1.0
    loss.backward()
    return w.grad


@kept("np.std has the gradient 0", REVERSE)
def std_by_hand():
    def std(x):
        variance = ((x - x.mean()) ** 2).mean()
        return np.sqrt(variance)  # HERE

    return tg.grad(lambda x: std(x) * 2)(np.full(3, 0.5))


@kept("exponent is less than 1", REVERSE)
def gamma_correction():
    def corrected(image):
        return image ** (1 / 2.2)  # HERE

    def loss(image):
        return tg.remat(corrected)(image).mean()

    return tg.grad(loss)(np.array([0.0, 0.5, 1.0]))


@kept("by the exponent", REVERSE)
def exponent_of_a_negative_base():
    def f(n):
        base = np.array([-2.0, 3.0])
        return np.sum(base**n)  # HERE

    return tg.grad(f)(np.array([2.0, 2.0]))


@kept("end of its domain", REVERSE)
def angle_of_parallel_vectors():
    def angle(u):
        return np.arccos(u[0])  # HERE

    return tg.value_and_grad(angle)(np.array([1.0, 0.0]))[1]


@kept("exponent is less than 1", REVERSE, SECOND)
def curvature_of_a_power():
    def f(x):
        y = x + 0.0
        return np.sum(y**1.5)  # HERE

    return tg.hvp(f, [np.array([0.0, 1.0])], [np.ones(2)])[0]


@kept("exponent is less than 1", REVERSE, SECOND)
def where_over_a_power():
    def f(x):
        return np.where(x[0] > 0, np.power(x[0], 1.5), x[1] ** 2).sum()  # HERE

    return tg.hessian(f)(np.array([0.0, 1.0]))


@kept("the norm at 0", REVERSE, SECOND)
def gradient_penalty_with_a_norm():
    def critic(x):
        return np.sum(x**3)

    def penalty(x):
        g = tg.grad(critic)(x)
        norm = np.sqrt(np.sum(g * g))  # HERE
        return (norm - 1.0) ** 2

    return tg.grad(penalty)(np.zeros(2))


@kept("exactly 0 there", REVERSE, SECOND)
def rows_of_a_hessian():
    def energy(x):
        spring = np.abs(x) ** 1.25  # HERE
        return np.prod(spring) + np.sum(spring)

    return tg.jacobian(tg.grad(energy), mode="reverse")(np.array([0.0, 1.0]))


@kept("exponent is less than 1", REVERSE, SECOND)
def newtons_method_at_the_rim():
    def f(x):
        inside = 1.0 - x * x
        return inside**1.5  # HERE

    return tg.grad(tg.grad(f))(1.0)
