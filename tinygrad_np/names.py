"""Names that people bring from PyTorch, JAX, HIPS autograd and Keras, with our word for each.

`MODULE` answers an attribute that the package or one of its modules lacks, `TENSOR` one that a
Tensor lacks, `ARGUMENTS` and `SAYINGS` an argument that a function of ours lacks, `COUNTERPARTS` a
function of NumPy, SciPy or `math` that would turn a Tensor into an array or a number. Names with
the same answer stand in one line. A public name that is changed gets a line here, too: the old one,
and "use" the new one. `answers` looks names up.
"""

Answers = dict[str, str]

_CPU = "leave it out: everything runs on the CPU"
_EAGER = "leave it out: NumPy runs the code as it stands"
_LOOP = "use a for loop, or arrays with one more axis: NumPy broadcasts"
_PARAMETERS = "use a function of (params, x), with params in a dict, list or tuple"
_ONLY_SGD = "there is tg.optim.sgd, with momentum, and no other optimiser yet"
_NORMALISE = "use (x - x.mean(axis, keepdims=True)) / x.std(axis, keepdims=True)"
_OWN_RULE = "use tg.general, tg.pointwise, tg.linear or tg.bilinear"
_RNG = "use rng = np.random.default_rng(seed), and rng.normal(size=shape)"
_IN_CHECK = "use the function of that name in tg.check"
_CONSTANT = "use t.data: only Tensors are recorded, arrays are constants"

MODULE: dict[str, Answers] = {
    "Earlier versions": {
        "takes": "use tg.signature",
        "unwindows": "use tg.fold",
    },
    "PyTorch": {
        "tensor as_tensor from_numpy": "use tg.Tensor(x) for a variable, the array for a constant",
        "no_grad inference_mode enable_grad set_grad_enabled": _CONSTANT,
        "autograd": "use tg.grad(f)(x), or t.backward()",
        "Function": _OWN_RULE,
        "func": "use tg.grad, tg.vjp, tg.jvp, tg.jacobian or tg.hessian",
        "manual_seed Generator rand randn randint randperm": _RNG,
        "device cuda set_default_device": _CPU,
        "compile": _EAGER,
        "checkpoint": "use tg.remat(f)",
        "Module ModuleList ModuleDict Sequential": _PARAMETERS,
        "Parameter ParameterList": "use an array in a tree of parameters, or tg.Tensor(x)",
        "state_dict load_state_dict": "use tg.save(path, params) and tg.load(path)",
        "functional": "use the functions of tg, such as tg.relu and tg.conv2d",
        "init xavier_uniform_ xavier_normal_ kaiming_uniform_ kaiming_normal_": (
            "use rng.normal(0, scale, shape), of rng = np.random.default_rng(seed)"
        ),
        "Linear": "use tg.dense(x, weights, bias)",
        "Conv1d Conv2d Conv3d": "use tg.conv1d, tg.conv2d or tg.conv3d",
        "ConvTranspose1d ConvTranspose2d ConvTranspose3d": (
            "use tg.conv_transpose1d, tg.conv_transpose2d or tg.conv_transpose3d"
        ),
        "MaxPool1d MaxPool2d MaxPool3d max_pool1d max_pool2d max_pool3d maxpool": (
            "use tg.max_pool(images, size)"
        ),
        "AvgPool1d AvgPool2d AvgPool3d avg_pool1d avg_pool2d avg_pool3d avg_pool": (
            "use tg.average_pool(images, size)"
        ),
        "AdaptiveAvgPool2d adaptive_avg_pool2d": "use np.mean(images, axis=(1, 2))",
        "Dropout": "use tg.dropout(x, rate, rng)",
        "Flatten": "use tg.flatten(x)",
        "Unfold unfold": "use tg.windows(images, size)",
        "Fold": "use tg.fold(columns, shape)",
        "BatchNorm1d BatchNorm2d BatchNorm3d batch_norm LayerNorm layer_norm": _NORMALISE,
        "GroupNorm group_norm InstanceNorm2d instance_norm RMSNorm rms_norm": _NORMALISE,
        "Embedding embedding": "use weights[indices]",
        "one_hot": "use np.eye(classes)[labels]",
        "ReLU": "use tg.relu(x)",
        "Sigmoid": "use tg.sigmoid(x)",
        "Tanh": "use np.tanh(x)",
        "Softmax": "use tg.softmax(x)",
        "LogSoftmax": "use tg.log_softmax(x)",
        "GELU gelu": "use x * scipy.special.ndtr(x)",
        "SiLU silu swish": "use x * tg.sigmoid(x)",
        "Softplus softplus": "use np.logaddexp(0, x)",
        "LogSigmoid logsigmoid log_sigmoid": "use -np.logaddexp(0, -x)",
        "LeakyReLU leaky_relu": "use np.where(x > 0, x, slope * x)",
        "ELU elu": "use np.where(x > 0, x, np.expm1(np.minimum(x, 0)))",
        "relu6": "use np.clip(x, 0, 6)",
        "hardtanh": "use np.clip(x, -1, 1)",
        "softsign": "use x / (1 + np.abs(x))",
        "softmin": "use tg.softmax(-x)",
        "mish": "use x * np.tanh(np.logaddexp(0, x))",
        "HuberLoss huber_loss smooth_l1_loss": "use scipy.special.huber(1.0, x - y)",
        "KLDivLoss kl_div": "use scipy.special.rel_entr(p, q).sum()",
        "cosine_similarity": "use x @ y / (np.linalg.norm(x) * np.linalg.norm(y))",
        "LSTM GRU RNN": "use a for loop over time, with the state as an array",
        "attention scaled_dot_product_attention MultiheadAttention": (
            "use tg.softmax(q @ k.mT / np.sqrt(k.shape[-1])) @ v"
        ),
        "clip_grad_norm_ clip_grad_value_": "clip the gradients, arrays, before tg.optim.sgd",
        "gradcheck gradgradcheck": "use tg.check.check_function(f, x)",
        "is_grad_enabled": _CONSTANT,
        "detach": "use tg.stop_gradient(x)",
        "backward": "use t.backward(), of a Tensor",
        "retain_grad": "use tg.vjp or tg.grad by that value",
        "CrossEntropyLoss NLLLoss nll_loss": "use tg.cross_entropy(logits, labels)",
        "BCELoss binary_cross_entropy bce": "use tg.log_loss(probabilities, labels)",
        "BCEWithLogitsLoss binary_cross_entropy_with_logits": (
            "use tg.log_loss_with_logits(logits, labels)"
        ),
        "MSELoss mse_loss": "use np.mean((x - y) ** 2)",
        "L1Loss l1_loss mae": "use np.mean(np.abs(x - y))",
        "SGD": "use tg.optim.sgd(params, grads, state, rate=rate)",
        "Adam AdamW RMSprop Adagrad LBFGS zero_grad step": _ONLY_SGD,
        "lr_scheduler StepLR CosineAnnealingLR cosine_decay exponential_decay": (
            "give tg.optim.sgd another rate"
        ),
        "DataLoader TensorDataset": "use tg.data.minibatches(rng, arrays, size)",
        "cat": "use np.concatenate",
        "mm bmm mv": "use x @ y",
        "clamp": "use np.clip(x, low, high)",
        "permute": "use np.transpose(x, axes)",
        "unsqueeze": "use np.expand_dims(x, axis)",
        "masked_fill": "use np.where(mask, value, x)",
        "gather": "use np.take_along_axis(x, indices, axis)",
        "index_select": "use np.take(x, indices, axis)",
        "scatter": "use tg.at(x)[index].set(value)",
        "topk": "use np.sort(x)[..., -k:]",
        "trapz": "use np.trapezoid(x)",
        "chunk": "use np.array_split(x, n)",
        "norm": "use np.linalg.norm(x)",
        "det slogdet inv": "use np.linalg",
        "rsqrt": "use 1 / np.sqrt(x)",
        "numel": "use np.size(x)",
        "is_tensor": "use isinstance(x, tg.Tensor)",
        "erf erfc erfinv digamma xlogy entr expit logit gammaln betaln": (
            "use the function of that name in scipy.special"
        ),
        "solve cholesky svd qr eig eigh eigvals eigvalsh pinv lstsq": (
            "use the function of that name in np.linalg"
        ),
        "lgamma": "use scipy.special.gammaln(x)",
    },
    "JAX": {
        "jit pmap disable_jit": _EAGER,
        "vmap": _LOOP,
        "jnp numpy np": "use NumPy itself: its functions take Tensors",
        "PRNGKey key split seed": _RNG,
        "jacfwd": 'use tg.jacobian(f, mode="forward")',
        "jacrev": 'use tg.jacobian(f, mode="reverse")',
        "linearize": "use tg.jvp(f, primals, tangents)",
        "linear_transpose": "use tg.vjp(f, x)",
        "custom_vjp custom_jvp custom_gradient": _OWN_RULE,
        "make_jaxpr": "use print(t.graph())",
        "lax": "use NumPy's functions and Python's if and for",
        "scan fori_loop while_loop cond": "use Python's for, while and if",
        "tree_util": "use tg.tree",
        "tree_map": "use tg.tree.map(f, tree)",
        "tree_leaves": "use tg.tree.leaves(tree)",
        "ravel_pytree": "use np.concatenate of np.ravel of tg.tree.leaves(tree)",
        "tree_flatten": "use tg.tree.leaves(tree) and tg.tree.paths(tree)",
        "tree_unflatten": "use tg.tree.unflatten(tree, leaves)",
        "device_put device_get devices block_until_ready": _CPU,
        "conv_general_dilated conv convolution": "use tg.conv2d(images, filters)",
        "reduce_window": "use tg.max_pool or tg.average_pool",
        "optax": _ONLY_SGD,
        "random": _RNG,
        "clip_by_global_norm global_norm": "clip the gradients, arrays, before tg.optim.sgd",
        "Array": "use np.ndarray for constants, tg.Tensor for variables",
        "config": "leave it out: arrays keep the dtype that they have",
        "apply_updates": "use tg.optim.sgd, which gives new parameters",
        "debug_nans": "use with tg.debug():",
    },
    "HIPS autograd": {
        "elementwise_grad egrad": "use tg.grad(lambda x: np.sum(f(x)))",
        "value_and_gradient": "use tg.value_and_grad(f)",
        "gradient multigrad multigrad_dict derivative deriv": "use tg.grad(f, argnums)",
        "grad_and_aux": "use tg.grad(f, has_aux=True)",
        "holomorphic_grad": "use tg.vjp(f, x)",
        "make_vjp vector_jacobian_product": "use tg.vjp(f, x)",
        "make_jvp": "use tg.jvp(f, primals, tangents)",
        "make_hvp hessian_vector_product hessian_tensor_product": (
            "use tg.hvp(f, primals, tangents)"
        ),
        "make_ggnvp ggnvp": "use tg.jvp and tg.vjp",
        "tensor_jacobian_product": "use tg.vjp(f, x)",
        "primitive defvjp defjvp": _OWN_RULE,
        "check_grads check_grad": "use tg.check.check_function(f, x)",
        "getval": "use tg.stop_gradient(x)",
        "builtins": "use dicts, lists and tuples as they are",
        "value_and_grad_and_aux": "use tg.value_and_grad(f, has_aux=True)",
    },
    "Keras and TensorFlow": {
        "Variable": "use tg.Tensor(x)",
        "constant": "use an array: a plain array is a constant",
        "convert_to_tensor": "use tg.Tensor(x) for a variable, the array for a constant",
        "GradientTape": "use tg.grad(f)(x), or t.backward()",
        "function": _EAGER,
        "keras layers": "use the functions of tg, such as tg.dense and tg.conv2d",
        "Model Input": _PARAMETERS,
        "Dense": "use tg.dense(x, weights, bias)",
        "Conv1D Conv2D Conv3D": "use tg.conv1d, tg.conv2d or tg.conv3d",
        "Conv2DTranspose": "use tg.conv_transpose2d(images, filters)",
        "MaxPooling1D MaxPooling2D MaxPooling3D": "use tg.max_pool(images, size)",
        "AveragePooling1D AveragePooling2D AveragePooling3D": "use tg.average_pool(images, size)",
        "GlobalAveragePooling2D": "use np.mean(images, axis=(1, 2))",
        "GlobalMaxPooling2D": "use np.max(images, axis=(1, 2))",
        "Activation": "use tg.relu, tg.sigmoid, tg.softmax or np.tanh",
        "BatchNormalization LayerNormalization": _NORMALISE,
        "BinaryCrossentropy": "use tg.log_loss_with_logits(logits, labels)",
        "CategoricalCrossentropy SparseCategoricalCrossentropy softmax_cross_entropy": (
            "use tg.cross_entropy(logits, labels)"
        ),
        "MeanSquaredError mean_squared_error mse": "use np.mean((x - y) ** 2)",
        "optimizers": _ONLY_SGD,
        "activations": "use tg.relu, tg.sigmoid, tg.softmax or np.tanh",
        "fit": "write the loop: tg.data.minibatches, tg.value_and_grad, tg.optim.sgd",
        "to_categorical": "use np.eye(classes)[labels]",
        "reduce_sum": "use np.sum",
        "reduce_mean": "use np.mean",
        "reduce_max": "use np.max",
        "reduce_min": "use np.min",
        "reduce_prod": "use np.prod",
        "reduce_logsumexp": "use tg.logsumexp(x, axis)",
        "cast": "use x.astype(dtype)",
    },
    "This package, in a module": {
        "sgd": "use tg.optim.sgd",
        "check_gradient check_vjp check_jacobian check_function check_rule compare": _IN_CHECK,
        "assert_gradient": _IN_CHECK,
        "minibatches": "use tg.data.minibatches",
        "imshow": "use tg.viz.image",
        "minimize": "use scipy.optimize.minimize(tg.value_and_grad(f), x0, jac=True)",
    },
}
"""What the package and its modules lack, by the library that has it. NumPy's names need no line."""

NEW_ONE = "a Tensor is never written into: assign a new one"

TENSOR: dict[str, Answers] = {
    "PyTorch": {
        "numpy detach detach_ value": "use t.data, a constant array",
        "cpu cuda device pin_memory": _CPU,
        "to type type_as": "use t.astype(dtype)",
        "float": "use t.astype(np.float32)",
        "double": "use t.astype(np.float64)",
        "half": "use t.astype(np.float16)",
        "long int short bool": "use t.data.astype(dtype): integers are constants",
        "requires_grad requires_grad_ is_leaf": (
            "leave it out: every Tensor is a variable, every plain array a constant"
        ),
        "zero_grad null_grad": "gradients add up until t.grad = None",
        "zero_": "use t.grad = None for a gradient, np.zeros_like(t) for zeros",
        "retain_grad register_hook": "use tg.vjp or tg.grad by that value",
        "grad_fn creator": "use print(t.graph())",
        "dim": "use t.ndim",
        "numel nelement": "use t.size",
        "pow pow_": "use t ** y",
        "add add_": "use t + y",
        "sub subtract sub_": "use t - y",
        "mul multiply mul_": "use t * y",
        "div divide true_divide div_": "use t / y",
        "neg": "use -t",
        "eq": "use t == y",
        "ne": "use t != y",
        "lt": "use t < y",
        "le": "use t <= y",
        "gt": "use t > y",
        "ge": "use t >= y",
        "mm bmm mv matmul": "use t @ y",
        "t": "use t.T",
        "view view_as reshape_as": "use t.reshape(shape)",
        "permute": "use t.transpose(axes)",
        "unsqueeze": "use np.expand_dims(t, axis)",
        "expand expand_as": "use np.broadcast_to(t, shape)",
        "contiguous": "leave it out: a Tensor's layout does not matter",
        "clone": "use t.copy()",
        "unbind": "use list(t)",
        "chunk": "use np.array_split(t, n)",
        "clamp clamp_ clip_": "use t.clip(low, high)",
        "sigmoid": "use tg.sigmoid(t)",
        "relu": "use tg.relu(t)",
        "softmax": "use tg.softmax(t)",
        "log_softmax": "use tg.log_softmax(t)",
        "logsumexp": "use tg.logsumexp(t)",
        "norm": "use np.linalg.norm(t)",
        "det": "use np.linalg.det(t)",
        "inverse": "use np.linalg.inv(t)",
        "rsqrt": "use 1 / np.sqrt(t)",
        "masked_fill masked_fill_": "use np.where(mask, value, t)",
        "masked_select": "use t[mask]",
        "gather": "use np.take_along_axis(t, indices, axis)",
        "index_select": "use np.take(t, indices, axis)",
        "scatter scatter_ index_put_": "use t.at[index].set(value)",
        "scatter_add scatter_add_ index_add index_add_": "use t.at[index].add(value)",
        "index_fill": "use t.at[index].set(value)",
        "topk": "use np.sort(t)[..., -k:]",
        "erf": "use scipy.special.erf(t)",
        "erfc": "use scipy.special.erfc(t)",
        "H": "use t.mT.conj()",
        "repeat_interleave": "use t.repeat(n, axis)",
        "take_along_dim": "use np.take_along_axis(t, indices, axis)",
        "movedim": "use np.moveaxis(t, axis, 0)",
        "swapdims": "use t.swapaxes(0, 1)",
        "softplus": "use np.logaddexp(0, t)",
        "is_cuda is_sparse layout to_dense": _CPU,
        "lgamma": "use scipy.special.gammaln(t)",
        "digamma": "use scipy.special.digamma(t)",
        "unfold": "use tg.windows(images, size)",
        "new_zeros": "use np.zeros(shape, t.dtype)",
        "new_ones": "use np.ones(shape, t.dtype)",
    },
    "JAX": {
        "block_until_ready devices sharding": _CPU,
        "weak_type": "leave it out: a Tensor has t.dtype",
        "primal": "use t.data",
    },
    "Keras and TensorFlow": {
        "assign": NEW_ONE,
        "assign_add": "use t = t + y",
        "assign_sub": "use t = t - y",
        "eval read_value": "use t.data",
        "to_numpy as_numpy toarray": "use t.data, a constant array",
        "get_shape": "use t.shape",
        "trainable": "leave it out: every Tensor is a variable, every plain array a constant",
    },
}
"""What a Tensor lacks, by the library that has it. Names of NumPy's functions need no line."""

ARGUMENTS: Answers = {
    "dim dims axes dimension": "axis axes",
    "dim0": "axis1",
    "dim1": "axis2",
    "keepdim keep_dims": "keepdims",
    "input inputs x a lhs tensor data array": "1",
    "weight kernel rhs w kernels": "filters weights",
    "b": "bias",
    "strides window_strides": "stride",
    "pads": "padding",
    "dilation_rate rhs_dilation window_dilation dilations": "dilation",
    "feature_group_count group": "groups",
    "kernel_size pool_size window_shape window_dimensions window": "size",
    "count_include_pad": "count_padding",
    "target targets y_true y labels_true": "labels",
    "pred y_pred preds predictions output": "probabilities logits",
    "logit": "logits",
    "p drop_prob probability": "rate",
    "lr learning_rate step_size alpha": "rate",
    "eps epsilon": "bound",
    "parameters": "params",
    "gradients gradient": "grads cotangent",
    "opt_state": "state",
    "key seed generator": "rng",
    "argnum arg_nums argnames": "argnums",
    "aux aux_data": "has_aux",
    "fun func fn f": "function",
    "batch_size": "size",
    "filename file f_name fname": "path",
    "grad_tensors": "cotangent",
}
"""Our word for an argument: the first of these that the function has; 1 is its first argument."""

_FILTERS = "the filters' shape, (rows, columns, in, out), says it"

SAYINGS: Answers = {
    "kernel_size in_channels out_channels features": _FILTERS,
    "conv1d.kernel_size conv1d.in_channels conv1d.out_channels": (
        "the filters' shape, (length, in, out), says it"
    ),
    "conv3d.kernel_size conv3d.in_channels conv3d.out_channels": (
        "the filters' shape, (depth, rows, columns, in, out), says it"
    ),
    "in_features out_features units": "the weights' shape, (in, out), says it",
    "data_format dimension_numbers": "images are NHWC, (n, rows, columns, channels)",
    "padding_mode": "frame the images with np.pad(x, width, mode) first",
    "return_indices": "take np.argmax over tg.windows(images, size)",
    "use_bias": "without a bias there is none",
    "activation": "apply it to the result, for instance tg.relu(y)",
    "inplace": "leave it out: nothing is written into",
    "training train deterministic": "leave the call out where you do not train",
    "weight pos_weight": 'use reduction="none" and multiply by the weights',
    "ignore_index": 'use reduction="none" and leave these labels out',
    "label_smoothing": "give labels in the logits' shape: a distribution over the classes",
    "from_logits": "tg.log_loss takes probabilities, tg.log_loss_with_logits takes logits",
    "size_average reduce": 'use reduction="mean", "sum" or "none"',
    "weight_decay": "add weight_decay * w to the gradient of w",
    "nesterov dampening": "there is plain momentum only",
    "betas sgd.eps": _ONLY_SGD,
    "requires_grad": "leave it out: every Tensor is a variable, every plain array a constant",
    "trainable": "leave it out: every Tensor is a variable, every plain array a constant",
    "device": _CPU,
    "create_graph": "use tg.grad of tg.grad, or tg.hvp, for higher orders",
    "retain_graph": "use tg.vjp, which pulls back as often as one likes",
    "gradient": "give it as the cotangent",
    "holomorphic": "use tg.vjp or tg.jvp of a complex function",
    "allow_int": "convert integers with .astype(float)",
    "start_dim end_dim": "use t.reshape(shape), or tg.flatten(t) for all axes but the first",
    "transpose.dim0 transpose.dim1": "use t.swapaxes(axis1, axis2)",
    "unbiased correction": "use ddof=1 or ddof=0",
    "descending": "turn the result around: [::-1]",
    "dtype": "use .astype(dtype) on what goes in",
    "shuffle": "they always are, by rng",
    "num_classes": "the logits' last axis says it",
    "args": "give them one after the other, behind the point",
    "kwargs": "use a lambda around f",
    "atol rtol tol eps epsilon delta h": "there is none to choose: noise and step are measured",
    "map_location": _CPU,
    "weights_only allow_pickle": "leave it out: nothing is ever unpickled",
    "cmap vmin vmax": "use largest, for blue, white and red around 0",
}
"""What to do instead, where no argument of ours is the same; "function.argument" goes first."""

_JOIN = "use tg.array(…), or t.data for the values"
_WHOLE = "use np.linalg.solve(a, b), with the whole matrix"
SPARSE = "use a.toarray(), or tg.linear(lambda x: a @ x, lambda g: a.T @ g) in place of a @ t"
_LIKE_DISTANCE = "use np.sqrt(np.sum((a[:, None] - b) ** 2, -1))"
_ZERO = "let f return arrays; its Jacobian is tg.jacobian(f)"
_GAUSS = "use -0.5 * z**2 - np.log(scale * np.sqrt(2 * np.pi)), with z = (x - loc) / scale"

COUNTERPARTS: Answers = {
    # NumPy's own, in C, which find no Tensor inside of a list
    "np.array np.asarray np.asanyarray np.ascontiguousarray np.asfortranarray": _JOIN,
    "np.fromiter np.require np.asarray_chkfinite": _JOIN,
    "tg.Tensor": "use tg.array([…])",
    "np.full": "use t * np.ones(shape)",
    "np.full_like": "use t * np.ones_like(a)",
    "np.arange": "use t.item() for a constant",
    "np.float16 np.float32 np.float64": "use t.astype(dtype), or t.item() for the value",
    "np.r_": "use np.hstack((…))",
    "np.c_": "use np.column_stack((…))",
    "np.mgrid np.ogrid": "use np.linspace",
    "np.polynomial.Polynomial": "use np.polynomial.polynomial.polyval(x, c)",
    "np.vectorize": "call the function itself: NumPy broadcasts",
    "dot": "use X @ t",
    "normal np.random.normal": "use loc + scale * rng.normal(size=shape)",
    "uniform np.random.uniform": "use low + (high - low) * rng.random(shape)",
    "%": 'use f"{t:.3f}" or t.item()',
    "[]": "use t.data.astype(int): an index is a constant",
    "=": "use out = tg.at(out)[index].set(t), or tg.array(…) of a list",
    # math
    "math.pow": "use x ** y",
    "math.fabs": "use np.abs(t)",
    "math.remainder": "use x - y * np.round(x / y)",
    "math.asin": "use np.arcsin(t)",
    "math.acos": "use np.arccos(t)",
    "math.atan": "use np.arctan(t)",
    "math.atan2": "use np.arctan2(y, x)",
    "math.asinh": "use np.arcsinh(t)",
    "math.acosh": "use np.arccosh(t)",
    "math.atanh": "use np.arctanh(t)",
    "math.erf math.erfc math.gamma": "use the function of that name in scipy.special",
    "math.lgamma": "use scipy.special.gammaln(t)",
    "math.fsum": "use np.sum(tg.array([…]))",
    "math.dist": "use np.linalg.norm(x - y)",
    # SciPy
    "scipy.special.logsumexp": "use tg.logsumexp(t, axis)",
    "scipy.special.softmax": "use tg.softmax(t, axis)",
    "scipy.special.log_softmax": "use tg.log_softmax(t, axis)",
    "scipy.special.multigammaln": "use a sum of scipy.special.gammaln",
    "scipy.special.polygamma": (
        "use (-1) ** (n + 1) * scipy.special.gamma(n + 1) * scipy.special.zeta(n + 1, x)"
    ),
    "scipy.special.comb scipy.special.binom": "use scipy.special.gammaln",
    "scipy.special.sinc": "use np.sinc(t)",
    "scipy.linalg.solve": "use np.linalg.solve",
    "scipy.linalg.solve_triangular": "use np.linalg.solve(np.tril(a), b), or np.triu(a)",
    "scipy.linalg.cho_solve scipy.linalg.lu_solve": _WHOLE,
    "scipy.linalg.solve_banded scipy.linalg.solve_toeplitz": _WHOLE,
    "scipy.linalg.cholesky": "use np.linalg.cholesky(t).mT: it gives the lower one",
    "scipy.linalg.cho_factor": "use np.linalg.cholesky",
    "scipy.linalg.svdvals": "use np.linalg.svd(t, compute_uv=False)",
    "scipy.linalg.block_diag": "use np.block",
    "scipy.linalg.toeplitz scipy.linalg.hankel scipy.linalg.circulant": "use t[indices]",
    "scipy.linalg.khatri_rao": "use np.einsum",
    "scipy.signal.convolve scipy.signal.fftconvolve scipy.signal.oaconvolve": (
        "use np.convolve for sequences, tg.conv2d for images"
    ),
    "scipy.signal.correlate": 'use np.correlate(x, y, "full") for sequences, tg.conv2d for images',
    "scipy.signal.correlate2d": "use tg.conv2d",
    "scipy.signal.convolve2d": "use tg.conv2d, with the filter turned around",
    "scipy.ndimage.convolve scipy.ndimage.correlate scipy.ndimage.gaussian_filter": (
        "use tg.conv2d with a padding"
    ),
    "scipy.ndimage.convolve1d scipy.ndimage.correlate1d": "use tg.conv1d or np.convolve",
    "scipy.signal.detrend": "use t - np.polyval(np.polyfit(x, t, 1), x)",
    "scipy.sparse.spmatrix scipy.sparse.sparray": SPARSE,
    "scipy.integrate.trapezoid": "use np.trapezoid",
    "scipy.integrate.cumulative_trapezoid": "use np.cumsum((t[1:] + t[:-1]) / 2)",
    "scipy.integrate.simpson": "use weights @ t",
    "scipy.integrate.quad scipy.integrate.quad_vec scipy.integrate.fixed_quad": (
        "use weights @ f(x), of x, weights = np.polynomial.legendre.leggauss(n)"
    ),
    "scipy.integrate.solve_ivp scipy.integrate.odeint": (
        "let f return arrays; for a gradient, write the steps (Runge-Kutta) as a loop"
    ),
    "scipy.interpolate.interp1d": "use np.interp",
    "scipy.spatial.distance.cdist": _LIKE_DISTANCE,
    "scipy.spatial.distance.pdist scipy.spatial.distance.squareform": _LIKE_DISTANCE,
    "scipy.spatial.distance.euclidean": "use np.linalg.norm(x - y)",
    "scipy.optimize.minimize": "use minimize(tg.value_and_grad(f), x0, jac=True)",
    "scipy.optimize.minimize_scalar": "let f return t.item()",
    "scipy.optimize.least_squares scipy.optimize.root scipy.optimize.fsolve": _ZERO,
    "scipy.optimize.leastsq scipy.optimize.curve_fit": _ZERO,
    "scipy.stats.norm.logpdf": _GAUSS,
    "scipy.stats.norm.pdf": "use np.exp(-0.5 * z**2) / (scale * np.sqrt(2 * np.pi))",
    "scipy.stats.norm.cdf": "use scipy.special.ndtr((x - loc) / scale)",
    "scipy.stats.norm.logcdf": "use scipy.special.log_ndtr((x - loc) / scale)",
    "scipy.stats.norm.sf": "use scipy.special.ndtr((loc - x) / scale)",
    "scipy.stats.norm.ppf": "use loc + scale * scipy.special.ndtri(q)",
    "scipy.stats.expon.logpdf": "use -x / scale - np.log(scale)",
    "scipy.stats.poisson.logpmf": "use x * np.log(mu) - mu - scipy.special.gammaln(x + 1)",
    "scipy.stats.multivariate_normal.logpdf": "use np.linalg.solve and np.linalg.slogdet",
    "scipy.stats.zscore": "use (t - t.mean(0)) / t.std(0)",
    "scipy.stats.gmean": "use np.exp(np.mean(np.log(t)))",
    "scipy.stats.entropy": "use scipy.special.entr(p / p.sum()).sum()",
    "scipy.stats.pearsonr": "use np.corrcoef(x, y)[0, 1]",
}
"""What replaces a function that would lose the gradient.

A method, such as an array's ``dot``, has its name alone; "%" is the formatting of a text, "[]" an
index, "=" the assignment to a part of an array.
"""
