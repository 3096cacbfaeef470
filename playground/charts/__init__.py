"""Pictures of a run, from what diagnostics measure: data to Vega-Lite, and nothing of the screen they stand on."""

from .curves import accuracy_curve, loss_curve
from .depth import Profile, depth_curves, depth_histograms
from .layers import activation_histograms, gradient_norms, update_ratios, weight_histograms
from .picture import Picture
from .plane import boundary, plane
from .race import race_curves

__all__ = [
    "Picture",
    "Profile",
    "accuracy_curve",
    "activation_histograms",
    "boundary",
    "depth_curves",
    "depth_histograms",
    "gradient_norms",
    "loss_curve",
    "plane",
    "race_curves",
    "update_ratios",
    "weight_histograms",
]
