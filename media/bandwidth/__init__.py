"""Estimates the bandwidth to each receiver from transport-wide feedback, and chooses a layer for each video. Does no I/O."""

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
