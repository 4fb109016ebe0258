"""How much a path carries, and what goes over it: transport-wide feedback, an estimate a receiver, a layer a picture. Pure."""

from .estimate import Estimator
from .feedback import Arrivals, FeedbackError, TransportFeedback, numbered
from .layers import Choice, Chooser, Layer, Limit
from .meter import Meter

__all__ = [
    "Arrivals",
    "Choice",
    "Chooser",
    "Estimator",
    "FeedbackError",
    "Layer",
    "Limit",
    "Meter",
    "TransportFeedback",
    "numbered",
]
