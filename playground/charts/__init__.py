"""Charts: from measured data to Vega-Lite specifications, without anything of the page that shows them."""

from .batch_features import feature_histograms, gradient_paths, mode_accuracies, noise_by_size, running_statistic
from .curves import accuracy_curve, loss_curve
from .depth_curves import Profile, correlation_curves, depth_curves, depth_histograms
from .digit_views import confusion_heatmap, image_map, probability_bars
from .input_drift import input_drift, paired_gradients
from .layer_by_layer import activation_histograms, gradient_norms, update_ratios, weight_histograms
from .loss_slope import nudges, slope
from .network_diagram import diagram
from .picture import Picture
from .plane import boundary, plane
from .race_curves import race_curves
from .split_curves import split_curves, split_distances, split_recalls
from .sweep_curves import sweep_losses, sweep_shares
from .tuning_curves import tuning_accuracies, tuning_optimism
from .week_progress import week_progress

__all__ = [
    "Picture",
    "Profile",
    "accuracy_curve",
    "activation_histograms",
    "boundary",
    "confusion_heatmap",
    "correlation_curves",
    "depth_curves",
    "depth_histograms",
    "diagram",
    "feature_histograms",
    "gradient_norms",
    "gradient_paths",
    "image_map",
    "input_drift",
    "loss_curve",
    "mode_accuracies",
    "noise_by_size",
    "nudges",
    "paired_gradients",
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
    "tuning_accuracies",
    "tuning_optimism",
    "update_ratios",
    "week_progress",
    "weight_histograms",
]
