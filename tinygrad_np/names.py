"""Names that people bring from PyTorch, JAX, HIPS autograd and Keras, with our word for each.

`MODULE` answers an attribute that the package or one of its modules lacks, `TENSOR` one that a
Tensor lacks, and `ARRAYS` both. `ARGUMENTS` and `SAYINGS` are for an argument that a
function of ours lacks, `COUNTERPARTS` for a function of NumPy, SciPy or `math` that would turn a
Tensor into an array or a number. Names with the same answer stand in one line, before the colon. A
public name that is changed gets a line here, too: the old one, and "use" the new one. `answers`
looks names up.
"""

import re

Answers = dict[str, str]


def _answers(text: str) -> Answers:
    r"""The names in each line, with their answer; an indented line goes on with the one before.

    >>> _answers("a b: use c\nd:\n    use e")
    {'a b': 'use c', 'd': 'use e'}
    """
    lines = re.sub("\n +", " ", text.strip()).split("\n")
    pairs = [line.partition(": ") for line in lines if not line.startswith("# ")]
    return {names: answer for names, _, answer in pairs}


_CPU = "leave it out: everything runs on the CPU"
_VARIABLE = "leave it out: every Tensor is a variable, every plain array a constant"
_STEP = "use params, state = tg.optim.adam(params, grads, state, rate=rate), or another of tg.optim"
NEW_ONE = "a Tensor is never written into: assign a new one"

ARRAYS = _answers(f"""
mm bmm mv matmul: use x @ y
add sub subtract mul multiply div divide true_divide pow neg: use x + y, x - y, …
eq ne lt le gt ge: use x == y, x < y, …
numel nelement: use np.size(x)
permute: use np.transpose(x, axes)
unsqueeze: use np.expand_dims(x, axis)
movedim: use np.moveaxis(x, axis, 0)
swapdims: use np.swapaxes(x, 0, 1)
expand expand_as: use np.broadcast_to(x, shape)
repeat_interleave: use np.repeat(x, n, axis)
chunk: use np.array_split(x, n)
unbind: use list(x)
clamp: use np.clip(x, low, high)
masked_fill: use np.where(mask, value, x)
masked_select: use x[mask]
gather take_along_dim: use np.take_along_axis(x, indices, axis)
index_select: use np.take(x, indices, axis)
scatter index_put index_fill: use tg.at(x)[index].set(value)
topk: use np.sort(x)[..., -k:]
norm: use np.linalg.norm(x)
inverse: use np.linalg.inv(x)
det slogdet inv solve cholesky svd qr eig eigh eigvals eigvalsh pinv lstsq:
    use the function of that name in np.linalg
erf erfc erfinv digamma xlogy entr expit logit gammaln betaln:
    use the function of that name in scipy.special
lgamma: use scipy.special.gammaln(x)
rsqrt: use 1 / np.sqrt(x)
unfold: use tg.windows(images, size)
retain_grad: use tg.vjp or tg.grad by that value
cuda device devices block_until_ready: {_CPU}
""")
"""What both the package and a Tensor lack: `x` is any array, and the Tensor itself. A name that
ends in ``_`` is answered by that without."""

MODULE = _answers(f"""
takes: use tg.signature
unwindows: use tg.fold
# Variables, derivatives, what runs where
tensor as_tensor from_numpy convert_to_tensor:
    use tg.Tensor(x) for a variable, the array for a constant
Variable: use tg.Tensor(x)
constant: use an array: a plain array is a constant
Array: use np.ndarray for constants, tg.Tensor for variables
is_tensor: use isinstance(x, tg.Tensor)
no_grad inference_mode enable_grad set_grad_enabled is_grad_enabled:
    use t.data: only Tensors are recorded, arrays are constants
detach getval: use tg.stop_gradient(x)
autograd GradientTape: use tg.grad(f)(x), or t.backward()
backward: use t.backward(), of a Tensor
func: use tg.grad, tg.vjp, tg.jvp, tg.jacobian or tg.hessian
elementwise_grad egrad: use tg.grad(lambda x: np.sum(f(x)))
value_and_gradient: use tg.value_and_grad(f)
gradient multigrad multigrad_dict derivative deriv: use tg.grad(f, argnums)
grad_and_aux: use tg.grad(f, has_aux=True)
value_and_grad_and_aux: use tg.value_and_grad(f, has_aux=True)
jacfwd: use tg.jacobian(f, mode="forward")
jacrev: use tg.jacobian(f, mode="reverse")
linearize make_jvp: use tg.jvp(f, primals, tangents)
linear_transpose holomorphic_grad make_vjp vector_jacobian_product tensor_jacobian_product:
    use tg.vjp(f, x)
make_hvp hessian_vector_product hessian_tensor_product: use tg.hvp(f, primals, tangents)
make_ggnvp ggnvp: use tg.jvp and tg.vjp
Function custom_vjp custom_jvp custom_gradient primitive defvjp defjvp:
    use tg.general, tg.pointwise, tg.linear or tg.bilinear
make_jaxpr: use print(t.graph())
gradcheck gradgradcheck check_grads check_grad: use tg.check.check_function(f, x)
debug_nans: use with tg.debug():
compile function: use tg.jit(f)
onnx to_onnx: use tg.export.onnx, of a function of (params, x)
disable_jit: leave it out: without tg.jit NumPy runs the code as it stands
checkpoint: use tg.remat(f)
vmap: use a for loop, or arrays with one more axis: NumPy broadcasts
lax: use NumPy's functions and Python's if and for
scan fori_loop while_loop cond: use Python's for, while and if
set_default_device device_put device_get: {_CPU}
config: leave it out: arrays keep the dtype that they have
jnp numpy np: use NumPy itself: its functions take Tensors
manual_seed Generator rand randn randint randperm PRNGKey key split seed random:
    use rng = np.random.default_rng(seed), and rng.normal(size=shape)
# Parameters and training
Module ModuleList ModuleDict Sequential Model Input:
    use a function of (params, x), with params in a dict, list or tuple
Parameter ParameterList: use an array in a tree of parameters, or tg.Tensor(x)
state_dict load_state_dict:
    use tg.save(path, params) and tg.load(path), of PyTorch's tg.saving.from_torch(weights, layers)
from_torch: use tg.saving.from_torch(weights, layers)
to_torch: use tg.saving.to_torch(tree, layers)
torch_layer: use tg.saving.torch_layer(kind, name)
init initializers: use tg.nn.init
xavier_uniform_ glorot_uniform GlorotUniform: use tg.nn.init.glorot_uniform(rng, shape)
xavier_normal_ glorot_normal GlorotNormal: use tg.nn.init.glorot_normal(rng, shape)
kaiming_uniform_ he_uniform HeUniform: use tg.nn.init.he_uniform(rng, shape)
kaiming_normal_ he_normal HeNormal: use tg.nn.init.he_normal(rng, shape)
LecunNormal LecunUniform variance_scaling VarianceScaling: use tg.nn.init.lecun_normal(rng, shape)
orthogonal_ Orthogonal: use tg.nn.init.orthogonal(rng, shape)
trunc_normal_ TruncatedNormal: use tg.nn.init.truncated_normal(rng, shape)
calculate_gain: use tg.nn.init.gain("relu")
builtins: use dicts, lists and tuples as they are
tree_util: use tg.tree
tree_map: use tg.tree.map(f, tree)
tree_leaves: use tg.tree.leaves(tree)
tree_flatten: use tg.tree.leaves(tree) and tg.tree.paths(tree)
tree_unflatten: use tg.tree.unflatten(tree, leaves)
ravel_pytree: use np.concatenate of np.ravel of tg.tree.leaves(tree)
SGD: use tg.optim.sgd(params, grads, state, rate=rate)
zero_grad step apply_updates optax optimizers: {_STEP}
LBFGS: use tg.scipy.optimize.minimize(f, x0), of all data at once
lr_scheduler StepLR MultiStepLR ExponentialLR PolynomialLR CosineAnnealingLR OneCycleLR CyclicLR
    LinearLR ReduceLROnPlateau cosine_decay exponential_decay:
    use the function of the step in tg.optim.schedules, for the rate
clip_grad_norm_ clip_by_global_norm: use tg.optim.clip_by_norm(grads, limit)
clip_grad_value_: use tg.optim.clip_by_value(grads, low, high)
swa_utils AveragedModel ema: use tg.optim.average(params, averaged)
fit Trainer EarlyStopping ModelCheckpoint: tg.training.fit, with validation=, patience=, checkpoint=
distributed DistributedDataParallel DataParallel init_process_group all_reduce pmap pmean:
    use tg.training.parallel, on several processes
DataLoader TensorDataset: use tg.data.minibatches(rng, arrays, size)
make_dot torchviz draw_graph plot_model add_graph: use tg.graph
count_params num_params torchinfo torchsummary tabulate: use tg.summary
Normalize normalize: use tg.data.normalise(images, mean, spread)
RandomCrop: use tg.data.random_crop(rng, images, size)
RandomHorizontalFlip RandomFlip random_flip_left_right: use tg.data.random_flip(rng, images)
RandomVerticalFlip random_flip_up_down: use tg.data.random_flip(rng, images, axis=1)
# Layers
functional keras layers: use the functions of tg, such as tg.relu and tg.conv2d
Linear: use tg.dense(x, weights, bias)
conv_general_dilated conv convolution: use tg.conv2d(images, filters)
Conv1DTranspose Conv2DTranspose Conv3DTranspose:
    use tg.conv_transpose1d, tg.conv_transpose2d or tg.conv_transpose3d
MaxPool1d MaxPool2d MaxPool3d MaxPooling1D MaxPooling2D MaxPooling3D: use tg.max_pool(images, size)
AvgPool1d AvgPool2d AvgPool3d avgpool AveragePooling1D AveragePooling2D AveragePooling3D:
    use tg.average_pool(images, size)
reduce_window: use tg.max_pool or tg.average_pool
AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalAveragePooling3D: use tg.nn.global_average_pool(images)
AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d GlobalMaxPooling1D GlobalMaxPooling2D
    GlobalMaxPooling3D: use tg.nn.global_max_pool(images)
BatchNorm BatchNorm1d BatchNorm2d BatchNorm3d BatchNormalization:
    use tg.nn.batch_norm(x, state, training=True)
LayerNormalization: use tg.nn.layer_norm(x)
GroupNormalization: use tg.nn.group_norm(x, groups)
InstanceNorm1d InstanceNorm2d InstanceNorm3d: use tg.nn.instance_norm(images)
RMSNormalization: use tg.nn.rms_norm(x)
Upsample UpSampling1D UpSampling2D UpSampling3D interpolate upsample:
    use tg.nn.resize(images, size)
Identity: leave the layer out
TransformerEncoderLayer TransformerDecoderLayer:
    write it of tg.nn.multi_head_attention, tg.nn.layer_norm and tg.dense, as examples/gpt.py does
Embedding: use tg.nn.embedding(indices, weights)
one_hot to_categorical: use np.eye(classes)[labels]
LSTM GRU RNN SimpleRNN Bidirectional: use tg.nn.lstm, tg.nn.gru, tg.nn.rnn, tg.nn.bidirectional
LSTMCell GRUCell RNNCell: use tg.nn.lstm, tg.nn.gru, tg.nn.rnn, with one time
pack_padded_sequence pack_sequence: give tg.nn.lstm, tg.nn.gru, tg.nn.rnn the lengths
Attention scaled_dot_product_attention dot_product_attention: use tg.nn.attention(q, k, v)
MultiheadAttention: use tg.nn.multi_head_attention
PositionalEncoding: add tg.nn.sinusoidal_positions, or use tg.nn.rotary
RotaryEmbedding: use tg.nn.rotary(x)
Activation activations: use tg.relu, tg.sigmoid, tg.softmax or np.tanh
swish: use tg.nn.silu(x)
SELU: use 1.0507009873554805 * tg.nn.elu(x, 1.6732632423543772)
relu6 hardtanh: use np.clip(x, low, high)
softsign: use x / (1 + np.abs(x))
softmin: use tg.softmax(-x)
mish: use x * np.tanh(np.logaddexp(0, x))
# Losses
CrossEntropyLoss CategoricalCrossentropy SparseCategoricalCrossentropy
    softmax_cross_entropy: use tg.cross_entropy(logits, labels)
NLLLoss nll_loss: use tg.nn.nll(log_probabilities, labels)
BCELoss binary_cross_entropy bce: use tg.log_loss(probabilities, labels)
BCEWithLogitsLoss binary_cross_entropy_with_logits BinaryCrossentropy:
    use tg.log_loss_with_logits(logits, labels)
MSELoss MeanSquaredError mse_loss l2_loss squared_error: use tg.nn.mse(x, y)
L1Loss MeanAbsoluteError l1_loss: use tg.nn.mae(x, y)
HuberLoss huber_loss smooth_l1_loss SmoothL1Loss: use tg.nn.huber(x, y)
KLDivLoss kl_div KLDivergence: use tg.nn.kl_divergence(log_probabilities, p)
hinge_loss HingeEmbeddingLoss hinge_embedding_loss MarginRankingLoss:
    use tg.nn.hinge(predictions, labels), with labels −1 and 1
# Metrics
Accuracy CategoricalAccuracy SparseCategoricalAccuracy BinaryAccuracy accuracy_score:
    use tg.nn.accuracy(logits, labels)
TopKCategoricalAccuracy in_top_k top_k_accuracy_score: use tg.nn.top_k_accuracy(logits, labels, k)
cosine_similarity: use x @ y / (np.linalg.norm(x) * np.linalg.norm(y))
# NumPy by another name
cat: use np.concatenate
trapz: use np.trapezoid(x)
reduce_sum reduce_mean reduce_max reduce_min reduce_prod: use np.sum, np.mean, np.max, …
reduce_logsumexp: use tg.logsumexp(x, axis)
cast: use x.astype(dtype)
minimize: use tg.scipy.optimize.minimize(f, x0)
# What one of its modules has
cosine cyclic multi_step one_cycle plateau warm_up:
    use the function of that name in tg.optim.schedules
check_gradient check_vjp check_jacobian check_function check_rule compare assert_gradient:
    use the function of that name in tg.check
minibatches: use tg.data.minibatches
imshow: use tg.viz.image
""")
"""What the package and its modules lack. Names need no line that NumPy has, or that the package has
in another spelling (`Conv2d`, `ReLU`)."""

TENSOR = _answers(f"""
numpy detach value to_numpy as_numpy toarray primal eval read_value: use t.data, a constant array
cpu pin_memory is_cuda is_sparse layout to_dense sharding: {_CPU}
to type type_as float double half: use t.astype(dtype)
long int short bool: use t.data.astype(dtype): integers are constants
weak_type: leave it out: a Tensor has t.dtype
requires_grad is_leaf trainable: {_VARIABLE}
zero_grad null_grad: gradients add up until t.grad = None
zero_: use t.grad = None for a gradient, np.zeros_like(t) for zeros
register_hook: use tg.vjp or tg.grad by that value
grad_fn creator: use print(t.graph())
dim: use t.ndim
get_shape: use t.shape
t: use t.T
H: use t.mT.conj()
view view_as reshape_as: use t.reshape(shape)
contiguous: leave it out: a Tensor's layout does not matter
clone: use t.copy()
clip_: use t.clip(low, high)
gelu silu elu leaky_relu softplus log_sigmoid glu: use the function of that name in tg.nn
scatter_add index_add: use t.at[index].add(value)
new_zeros new_ones: use np.zeros(shape, t.dtype), np.ones(shape, t.dtype)
assign assign_add assign_sub: {NEW_ONE}
""")
"""What a Tensor alone lacks. Names of functions of NumPy and of the package need no line."""

ARGUMENTS = _answers("""
dim dims axes dimension: axis axes
dim0: axis1
dim1: axis2
keepdim keep_dims: keepdims
input inputs x a lhs tensor data array: 1
weight kernel rhs w kernels: filters weights scale class_weights
b: bias
bias: shift
gamma: scale
beta: shift
running_mean running_var: state
strides window_strides: stride
pads: padding
dilation_rate rhs_dilation window_dilation dilations: dilation
feature_group_count group num_groups: groups
normalized_shape: axis
mode: method
output_size scale_factor: size
kernel_size pool_size window_shape window_dimensions window batch_size: size
count_include_pad: count_padding
target targets y_true y labels_true: labels targets
pred y_pred preds predictions output: probabilities logits predictions log_probabilities
logit: logits
class_weight: class_weights
ignore_index ignore_class ignored_label: ignored
log_target: log_targets
in_features in_channels input_size input_dim num_embeddings: inputs count
out_features out_channels units hidden_size embedding_dim: outputs hidden size
embed_dim: features
kernel_initializer: weights filters
p drop_prob probability learning_rate alpha base_lr max_lr: rate
lr: rate schedule
step_size total_steps T_max total_iters: steps
min_lr eta_min end_value: least
step_size_up: up
step_size_down: down
lr_decay: rate_decay
max_norm clip_value: limit high
eps epsilon: bound epsilon
parameters: params
gradients gradient grad_tensors: grads cotangent
opt_state: state
key seed generator: rng
optimizer: optimiser
validation_data validation_split validation_fraction: validation
hidden_layer_sizes: hidden
max_iter n_epochs num_epochs: epochs
n_iter_no_change: patience
learning_rate_init: rate
solver: optimiser
verbose: progress
metrics: evaluate
argnum arg_nums argnames: argnums
aux aux_data: has_aux
fun func fn f: function
filename file f_name fname: path
""")
"""Our word for an argument: the first of these that the function has; 1 is its first argument."""

SAYINGS = _answers(f"""
kernel_size in_channels out_channels features: the filters' shape, (rows, columns, in, out), says it
conv1d.kernel_size conv1d.in_channels conv1d.out_channels:
    the filters' shape, (length, in, out), says it
conv3d.kernel_size conv3d.in_channels conv3d.out_channels:
    the filters' shape, (depth, rows, columns, in, out), says it
in_features out_features units: the weights' shape, (in, out), says it
data_format dimension_numbers: images are NHWC, (n, rows, columns, channels)
padding_mode: frame the images with np.pad(x, width, mode) first
return_indices: take np.argmax over tg.windows(images, size)
use_bias: without a bias there is none
activation: apply it to the result, for instance tg.relu(y)
inplace: leave it out: nothing is written into
training train deterministic: leave the call out where you do not train
weight pos_weight: use reduction="none" and multiply by the weights
ignore_index: leave these labels out; tg.cross_entropy and tg.nn.nll have ignored=
label_smoothing: give labels in the logits' shape: a distribution over the classes
from_logits: tg.log_loss takes probabilities, tg.log_loss_with_logits takes logits
size_average reduce: use reduction="mean", "sum" or "none"
foreach fused capturable differentiable: leave it out: it only says how to compute
decoupled_weight_decay: use tg.optim.adamw
requires_grad trainable: {_VARIABLE}
device map_location: {_CPU}
create_graph: use tg.grad of tg.grad, or tg.hvp, for higher orders
retain_graph: use tg.vjp, which pulls back as often as one likes
gradient: give it as the cotangent
holomorphic: use tg.vjp or tg.jvp of a complex function
allow_int: convert integers with .astype(float)
start_dim end_dim: use t.reshape(shape), or tg.flatten(t) for all axes but the first
static_argnums static_argnames: leave it out: what is no array is static
fullgraph donate_argnums: leave it out: whatever cannot be replayed is refused
transpose.dim0 transpose.dim1: use t.swapaxes(axis1, axis2)
unbiased correction: use ddof=1 or ddof=0
descending: turn the result around: [::-1]
dtype: use .astype(dtype) on what goes in
shuffle: they always are, by rng
num_classes: the logits' last axis says it
args: give them one after the other, behind the point
kwargs: use a lambda around f
Estimator.alpha: give optimiser=functools.partial(tg.optim.adamw, weight_decay=…)
Estimator.momentum Estimator.nesterovs_momentum:
    give optimiser=functools.partial(tg.optim.sgd, momentum=…)
Estimator.beta_1 Estimator.beta_2: give optimiser=functools.partial(tg.optim.adam, betas=…)
Estimator.activation: give model=, two functions of your own
Estimator.early_stopping Estimator.tol: give validation=0.1, patience=10
Estimator.warm_start: use partial_fit, which goes on
atol rtol tol eps epsilon delta h: there is none to choose: noise and step are measured
weights_only allow_pickle: leave it out: nothing is ever unpickled
cmap vmin vmax: use largest, for blue, white and red around 0
""")
"""What to do instead, where no argument of ours is the same; "function.argument" goes first."""

COUNTERPARTS = _answers("""
# NumPy's own, in C, which find no Tensor inside of a list
np.array np.asarray np.asanyarray np.ascontiguousarray np.asfortranarray np.fromiter np.require
    np.asarray_chkfinite: use tg.array(…), or t.data for the values
tg.Tensor: use tg.array([…])
np.full: use t * np.ones(shape)
np.full_like: use t * np.ones_like(a)
np.arange: use t.item() for a constant
np.float16 np.float32 np.float64: use t.astype(dtype), or t.item() for the value
np.r_: use np.hstack((…))
np.c_: use np.column_stack((…))
np.mgrid np.ogrid: use np.linspace
np.polynomial.Polynomial: use np.polynomial.polynomial.polyval(x, c)
np.vectorize: call the function itself, since NumPy broadcasts, or give it a rule: tg.pointwise
dot: use X @ t
normal np.random.normal: use loc + scale * rng.normal(size=shape)
uniform np.random.uniform: use low + (high - low) * rng.random(shape)
%: use f"{t:.3f}" or t.item()
[]: use t.data.astype(int): an index is a constant
=: use out = tg.at(out)[index].set(t), or tg.array(…) of a list
# math
math.pow: use x ** y
math.fabs: use np.abs(t)
math.atan2: use np.arctan2(y, x)
math.remainder: use x - y * np.round(x / y)
math.erf math.erfc math.gamma: use the function of that name in scipy.special
math.lgamma: use scipy.special.gammaln(t)
math.fsum: use np.sum(tg.array([…]))
math.dist: use np.linalg.norm(x - y)
""")
"""What replaces a function that would lose the gradient.

A method, such as an array's ``dot``, has its name alone; "%" is the formatting of a text, "[]" an
index, "=" the assignment to a part of an array.
"""
