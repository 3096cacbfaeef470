"""Solutions of the exercises as students write them: right ones in other words, and wrong ones with what is said."""

import inspect
from textwrap import dedent

import numpy as np

from playground.nn import BatchNorm, Dense, ReLU, Softmax


class PlainDense(Dense):
    """As the course page has it: no stack axes."""

    def forward(self, X):
        self.X = X
        return X @ self.W + self.b

    def backward(self, dout):
        self.dW[...] = self.X.T @ dout
        self.db = np.sum(dout, axis=0)
        return dout @ self.W.T


class PlainSoftmax(Softmax):
    def forward(self, X):
        E = np.exp(X - X.max(axis=1, keepdims=True))
        self.p = E / E.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, y):
        return (self.p - y) / len(y)


class PlainBatchNorm(BatchNorm):
    def forward(self, X):
        mean, var, n = self.running_mean, self.running_var, len(X)
        if self.training:
            mean, var = X.mean(axis=0), X.var(axis=0)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            if n > 1:
                self.running_var = (1 - self.momentum) * self.running_var + self.momentum * X.var(axis=0, ddof=1)
        self.std = np.sqrt(var + self.epsilon)
        self.X_hat = (X - mean) / self.std
        return self.gamma * self.X_hat + self.beta

    def backward(self, dout):
        self.dgamma = (dout * self.X_hat).sum(axis=0)
        self.dbeta = dout.sum(axis=0)
        D = dout * self.gamma
        return (D - D.mean(axis=0) - self.X_hat * (D * self.X_hat).mean(axis=0)) / self.std


class MaskReLU(ReLU):
    def backward(self, dout):
        return np.where(self.X > 0, dout, 0)


def dense(forward=None, backward=None):
    """A dense layer with another forward or backward pass: (layer, dout) -> dW, db, dX."""

    class Wrong(Dense):
        pass

    if forward:
        Wrong.forward = forward
    if backward:

        def back(self, dout):
            self.dW, self.db, dX = backward(self, dout)
            return dX

        Wrong.backward = back
    return Wrong


def layer(base, **methods):
    return type("Wrong", (base,), methods)


def soft(X):
    return np.exp(X - X.max(axis=1, keepdims=True))


def dense_slip(dW="X.T @ G", db="G.sum(0)", dX="G @ W.T"):
    """A dense layer with this code as its backward pass."""
    return dense(backward=lambda self, G: [eval(t, {"X": self.X, "W": self.W, "G": G}) for t in (dW, db, dX)])


def bn_slip(dX="(D - D.mean(0) - H * (D * H).mean(0)) / s", dgamma="(G * H).sum(0)", dbeta="G.sum(0)"):
    """Batch normalisation with this code as its backward pass."""

    def backward(self, G):
        names = {"G": G, "D": G * self.gamma, "H": self.X_hat, "s": self.std, "g": self.gamma}
        self.dgamma, self.dbeta = eval(dgamma, names), eval(dbeta, names)
        return eval(dX, names)

    return layer(BatchNorm, backward=backward)


def bn_forward_slip(old, new):
    """Batch normalisation with the right forward pass, but `new` in place of `old`."""
    text = dedent(inspect.getsource(PlainBatchNorm.forward))
    assert old in text
    names = {"np": np}
    exec(text.replace(old, new), names)
    return layer(PlainBatchNorm, forward=names["forward"])


def draw(text):
    return lambda rng, i, o: eval(text, {"np": np, "rng": rng, "i": i, "o": o})


def relu(backward):
    """ReLU with another backward pass."""
    return layer(ReLU, backward=backward)


def own_generator(rng, i, o):
    return np.random.default_rng(0).standard_normal((i, o)) * np.sqrt(2 / (i + o))


def reseeded(rng, i, o):
    """Two draws of one `rng` are the same, although other seeds give other weights."""
    return np.random.default_rng(rng.bit_generator.seed_seq).standard_normal((i, o)) * np.sqrt(2 / (i + o))


def global_seed(rng, i, o):
    np.random.seed(0)
    return rng.standard_normal((i, o)) * np.sqrt(2 / (i + o))


def changes_b(self, G):
    self.b -= 0.1 * G.sum(0)
    return Dense.backward(self, G)


def course_page(self, G, learning_rate=0.01):
    """As the course page has it: the step is made at once."""
    dX, dW = G @ self.W.T, self.X.T @ G
    self.W -= learning_rate * dW
    return dX


def course_page_argument(self, G, learning_rate):
    return course_page(self, G, learning_rate)


def changes_gamma(self, G):
    self.gamma = self.gamma - 0.1 * G.sum(0)
    return BatchNorm.backward(self, G)


def adds_dW(self, G):
    self.dW += self.X.T @ G
    self.db = G.sum(0)
    return G @ self.W.T


def adds_db(self, G):
    self.dW = self.X.T @ G
    self.db += G.sum(0)
    return G @ self.W.T


def in_place(self, G):
    G[self.X <= 0] = 0
    return G


def mask_in_X(self, G):
    self.X[self.X < 0] = 0
    return G * (self.X > 0)


def centred_in_place(self, X):
    X -= X.mean(axis=0)
    return BatchNorm.forward(self, X)


def nan_dW(self, G):
    self.dW, self.db = np.full((self.W.shape), np.nan), G.sum(0)
    return G @ self.W.T


def evaluated(old, new):
    """Batch normalisation that is right in training, and has `new` in place of `old` in evaluation."""
    slipped = bn_forward_slip(old, new)
    return layer(
        PlainBatchNorm, forward=lambda self, X: (PlainBatchNorm if self.training else slipped).forward(self, X)
    )


def updated_in_evaluation(self, X):
    output = PlainBatchNorm.forward(self, X)
    if not self.training:
        self.running_mean = 0.9 * self.running_mean + 0.1 * X.mean(axis=0)
    return output


def updated_before_evaluation(self, X):
    if not self.training:
        self.running_mean = 0.9 * self.running_mean + 0.1 * X.mean(axis=0)
    return PlainBatchNorm.forward(self, X)


NEW = "self.momentum * X.var(axis=0, ddof=1)"
MISTAKES = [
    ("xavier", draw("rng.standard_normal((o, i)) * np.sqrt(2 / (i + o))"), r"\(40, 160\), got \(160, 40\)"),
    ("xavier", draw("rng.standard_normal((i, o)) * 2 / (i + o)"), "square root, the standard deviation"),
    ("xavier", draw("rng.standard_normal((i, o)) * np.sqrt(1 / i)"), "LeCun"),
    ("xavier", draw("rng.standard_normal((i, o)) * np.sqrt(2 / i)"), "He's"),
    ("xavier", draw("rng.standard_normal((i, o)) * np.sqrt(1 / (i + o))"), "factor of 2"),
    ("xavier", draw("rng.standard_normal((i, o))"), "not scaled"),
    ("xavier", draw("np.zeros((i, o))"), "alike"),
    ("xavier", draw("np.random.randn(i, o) * np.sqrt(2 / (i + o))"), "draw them from `rng`"),
    ("xavier", draw("0.5 + rng.standard_normal((i, o)) * np.sqrt(2 / (i + o))"), "mean of the weights"),
    ("xavier", draw("rng.uniform(-1, 1, (i, o)) * np.sqrt(6 / (i + o))"), "not normal"),
    ("xavier", draw("None"), "return"),
    ("xavier", draw("0.1 * rng.standard_normal((i, o))"), "compute it from fan_in and fan_out"),
    ("xavier", draw("np.full((i, o), 0.1)"), "all weights are alike"),
    ("xavier", own_generator, "not from a generator of your own"),
    ("xavier", reseeded, "not from a generator of your own"),
    ("xavier", draw("np.random.default_rng().standard_normal((i, o)) * np.sqrt(2 / (i + o))"), "the same seed"),
    ("xavier", global_seed, "np.random was used"),
    ("xavier", draw("np.random.standard_nromal((i, o))"), "'standard_nromal'. Is `standard_normal` meant"),
    ("dense_forward", dense(lambda self, X: X @ self.W), "no bias"),
    ("dense_forward", dense(lambda self, X: (X @ self.W + self.b).T), r"\(5, 4\), got \(4, 5\): is a transpose"),
    ("dense_forward", dense(lambda self, X: X @ self.W.T + self.b), "transpose"),
    ("dense_forward", dense(lambda self, X: None), "return"),
    ("dense_forward", dense(lambda self, X: 1 / 0), "ZeroDivisionError"),
    ("dense_forward", dense(lambda self, X: 0 * X @ self.W + np.nan), "no numbers"),
    ("dense_backward", dense_slip(dW="G.T @ X"), r"self.dW: .*\(3, 4\), got \(4, 3\): is a transpose"),
    ("dense_backward", dense_slip(dW="X.T @ G / 5"), "self.dW is 5 times too small.* sum over the batch, not a mean"),
    ("dense_backward", dense_slip(dW="-X.T @ G"), "self.dW has the wrong sign"),
    ("dense_backward", dense_slip(db="G.mean(0)"), "self.db is 5 times too small.* a sum over the batch, not a mean"),
    ("dense_backward", dense_slip(db="G.sum()"), r"self.db: expected shape \(4,\), got \(\).*axis"),
    ("dense_backward", dense_slip(db="G.sum(1)"), r"self.db: expected shape \(4,\), got \(5,\).*axis"),
    ("dense_backward", dense_slip(dX="G @ W"), "transpose"),
    ("dense_backward", dense_slip(dX="None"), "dX is None"),
    ("dense_backward", dense(backward=lambda self, G: (np.nan, G.sum(0), G @ self.W.T)), "self.dW"),
    ("dense_backward", layer(Dense, backward=lambda self, G: G @ self.W.T), "self.dW was not set"),
    ("dense_backward", layer(Dense, forward=lambda self, X: X @ self.W + self.b), "keep in self"),
    ("dense_forward", dense(lambda self, X: X.reshape(5, 3) @ self.W + self.b), "shapes do not fit"),
    ("dense_backward", dense_slip(dW="X.T @ G * 5 / len(X)"), "self.dW"),
    ("dense_backward", layer(Dense, backward=changes_b), "^[^:]*: leave the step to the optimiser: .* not change b$"),
    ("dense_backward", layer(Dense, backward=course_page), "step to the optimiser: backward must not change W$"),
    ("dense_backward", layer(Dense, backward=course_page_argument), "Leave the step to the optimiser"),
    ("dense_backward", layer(Dense, backward=adds_dW), "self.dW still has .*: assign, don't add"),
    ("dense_backward", layer(Dense, backward=adds_db), "self.db still has .*: assign, don't add"),
    ("dense_backward", layer(Dense, backward=nan_dW), "self.dW has entries that are no numbers"),
    ("dense_backward", layer(Dense, backward=lambda self, G: np.matmull(G, self.W.T)), "'matmull'. Is `matmul` meant"),
    ("dense_backward", layer(Dense, backward=lambda self, G: self.x.T @ G), "keep in self, or is `self.X` meant"),
    ("dense_backward", layer(Dense, backward=lambda self, G: None.T @ G), "is None: does a function lack"),
    ("relu_backward", relu(in_place), "backward changes dout in place"),
    ("relu_backward", relu(mask_in_X), "backward changes X in place"),
    ("relu_backward", relu(lambda self, G: np.where(self.X > 0, G, 0.01 * G)), "slope 0.01 .* leaky"),
    ("relu_backward", relu(lambda self, G: np.where(self.X > 0, G, 0.2 * G)), "slope 0.2 .* leaky"),
    ("relu_backward", layer(ReLU, backward=lambda self, G: G), "derivative is missing"),
    ("relu_backward", layer(ReLU, backward=lambda self, G: 1.0 * (self.X > 0)), "derivative alone"),
    ("relu_backward", layer(ReLU, backward=lambda self, G: -G * (self.X > 0)), "wrong sign"),
    ("relu_backward", layer(ReLU, backward=lambda self, G: G * (self.X < 0)), "other way round"),
    ("relu_backward", layer(ReLU, backward=lambda self, G: np.maximum(0, G)), "not that of dout"),
    ("relu_backward", layer(ReLU, backward=lambda self, G: G * self.output), "1 or 0"),
    ("softmax_forward", layer(Softmax, forward=lambda self, X: np.exp(X)), "divide by its sum"),
    ("softmax_forward", layer(Softmax, forward=lambda self, X: soft(X) / soft(X).sum(axis=0)), "expected .* got"),
    ("softmax_forward", layer(Softmax, forward=lambda self, X: np.exp(X) / np.exp(X).sum(axis=0)), "over the batch"),
    ("softmax_forward", layer(Softmax, forward=lambda self, X: np.exp(X) / np.exp(X).sum()), "over all entries"),
    ("softmax_forward", layer(Softmax, forward=lambda self, X: np.exp(X) / np.exp(X).sum(1)[:, None]), "overflows"),
    (
        "softmax_forward",
        layer(Softmax, forward=lambda self, X: np.exp(X - X.max()) / np.exp(X - X.max()).sum(1)[:, None]),
        "largest logit of each example",
    ),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: self.output - y), "5 times too large.* a mean"),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: (y - self.output) / 5), "wrong sign"),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: y - self.output), "and the sign"),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: self.output / 5), "subtract the labels"),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: ((self.output - y) / 5).T), "transpose"),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: (self.output - y) / 3), "number of classes"),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: (self.output - y) / y.size), "all entries"),
    ("softmax_backward", layer(Softmax, backward=lambda self, y: (self.output - y) / 5), "dZ"),
    (
        "batch_norm_forward",
        bn_forward_slip("np.sqrt(var + self.epsilon)", "np.sqrt(var) + self.epsilon"), "epsilon outside the root",
    ),
    ("batch_norm_forward", bn_forward_slip("self.epsilon", "1e-5"), "does not use self.epsilon"),
    ("batch_norm_forward", bn_forward_slip("self.momentum", "0.1"), "does not use self.momentum"),
    ("batch_norm_forward", evaluated("var + self.epsilon", "var"), "evaluation .* lacks epsilon"),
    (
        "batch_norm_forward",
        evaluated("np.sqrt(var + self.epsilon)", "np.sqrt(var) + self.epsilon"), "evaluation .* outside the root",
    ),
    ("batch_norm_forward", layer(PlainBatchNorm, forward=updated_in_evaluation), "statistics changed in evaluation"),
    ("batch_norm_forward", layer(PlainBatchNorm, forward=updated_before_evaluation), "changed in evaluation"),
    ("batch_norm_forward", layer(BatchNorm, forward=centred_in_place), "forward changes X in place"),
    ("batch_norm_backward", layer(BatchNorm, backward=changes_gamma), "backward must not change gamma"),
    (
        "batch_norm_backward",
        bn_slip(dX="(D - D.sum(0) / (len(D) - 1) - H * (D * H).sum(0) / (len(D) - 1)) / s"), "n - 1 on both paths",
    ),
    (
        "batch_norm_backward",
        bn_slip(dX="(D - D.sum(0) / (len(D) - 1) - H * (D * H).mean(0)) / s"), "n - 1 on the path through the mean",
    ),
    (
        "batch_norm_backward",
        bn_slip(dX="(D - D.mean(0) - H * (D * H).sum(0) / (len(D) - 1)) / s"), "n - 1 on the path through the variance",
    ),
    ("batch_norm_forward", bn_forward_slip("np.sqrt(var + self.epsilon)", "var + self.epsilon"), "square root"),
    ("batch_norm_forward", bn_forward_slip("X.var(axis=0)\n", "X.var(axis=0, ddof=1)\n"), "unbias"),
    ("batch_norm_forward", bn_forward_slip("(X - mean) / self.std", "X - mean"), "not divided"),
    (
        "batch_norm_forward",
        bn_forward_slip("(X - mean) / self.std", "(X - X.mean(1)[:, None]) / np.sqrt(X.var(1) + 1e-5)[:, None]"),
        "each example",
    ),
    ("batch_norm_forward", bn_forward_slip("self.gamma * self.X_hat + self.beta", "self.X_hat"), "gamma and beta"),
    ("batch_norm_forward", bn_forward_slip("self.gamma * self.X_hat", "self.X_hat"), "lacks gamma"),
    ("batch_norm_forward", bn_forward_slip("self.X_hat + self.beta", "self.X_hat"), "lacks beta"),
    ("batch_norm_forward", bn_forward_slip("if self.training", "if True"), "evaluation"),
    ("batch_norm_forward", bn_forward_slip("var + self.epsilon", "var"), "epsilon"),
    ("batch_norm_forward", bn_forward_slip("if n > 1:", "if n / (n - 1):"), "batch of one"),
    ("batch_norm_forward", bn_forward_slip(NEW, "self.momentum * var"), "unbiased, n / "),
    ("batch_norm_forward", bn_forward_slip("+ self.momentum * mean", "+ mean"), "running_mean"),
    ("batch_norm_forward", bn_forward_slip("if n > 1", "if False"), "self.running_var was not updated"),
    ("batch_norm_backward", bn_slip(dX="D / s"), "for constants"),
    ("batch_norm_backward", bn_slip(dX="(D - D.mean(0)) / s"), "path through the variance"),
    ("batch_norm_backward", bn_slip(dX="(D - H * (D * H).mean(0)) / s"), "path through the mean"),
    ("batch_norm_backward", bn_slip(dX="(G - G.mean(0) - H * (G * H).mean(0)) / s"), "lacks gamma"),
    ("batch_norm_backward", bn_slip(dX="D - D.mean(0) - H * (D * H).mean(0)"), "not divided"),
    ("batch_norm_backward", bn_slip(dX="-(D - D.mean(0) - H * (D * H).mean(0)) / s"), "wrong sign"),
    ("batch_norm_backward", bn_slip(dgamma="(G * H).mean(0)"), "self.dgamma is 6 times too small.* not a mean"),
    ("batch_norm_backward", bn_slip(dgamma="G.sum(0)"), "lacks x_hat"),
    ("batch_norm_backward", bn_slip(dbeta="G.mean(0)"), "self.dbeta is 6 times too small"),
    ("batch_norm_backward", bn_slip(dbeta="G.sum(0, keepdims=True)"), r"\(3,\), got \(1, 3\): is an axis"),
]  # fmt: skip
