"""Bandwidth of a path and its use: transport-wide feedback, an estimate for each receiver, a layer for each video. Pure."""

from .estimate import Estimator
from .feedback import Arrivals, FeedbackError, TransportFeedback, numbered
from .layers import Choice, Chooser, Layer, Limit
from .meter import Meter
from .repeats import RepeatBudget

__all__ = [
    "Arrivals",
    "Choice",
    "Chooser",
    "Estimator",
    "FeedbackError",
    "Layer",
    "Limit",
    "Meter",
    "RepeatBudget",
    "TransportFeedback",
    "numbered",
]
