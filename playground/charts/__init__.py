"""Pictures of a run, from what diagnostics measure: data to Vega-Lite, and nothing of the screen they stand on."""

from .course import week_progress
from .curves import accuracy_curve, loss_curve
from .depth import Profile, depth_curves, depth_histograms
from .diagram import diagram
from .digits import confusion_heatmap, image_map, probability_bars
from .duel import duel_gradients, input_drift
from .layers import activation_histograms, gradient_norms, update_ratios, weight_histograms
from .normalization import (
    feature_histograms,
    gradient_paths,
    mode_accuracies,
    noise_by_size,
    running_statistic,
)
from .picture import Picture
from .plane import boundary, plane
from .race import race_curves
from .slope import nudges, slope
from .splits import split_curves, split_distances, split_recalls
from .sweep import sweep_losses, sweep_shares

__all__ = [
    "Picture",
    "Profile",
    "accuracy_curve",
    "activation_histograms",
    "boundary",
    "confusion_heatmap",
    "depth_curves",
    "depth_histograms",
    "diagram",
    "duel_gradients",
    "feature_histograms",
    "gradient_norms",
    "gradient_paths",
    "image_map",
    "input_drift",
    "loss_curve",
    "mode_accuracies",
    "noise_by_size",
    "nudges",
    "plane",
    "probability_bars",
    "race_curves",
    "running_statistic",
    "slope",
    "split_curves",
    "split_distances",
    "split_recalls",
    "sweep_losses",
    "sweep_shares",
    "update_ratios",
    "week_progress",
    "weight_histograms",
]
