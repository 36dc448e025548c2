"""The metrics that the server shows to Prometheus."""

from .process import StoreProbe, register
from .workers import WRITE_SECONDS, AllWorkersCollector

__all__ = ["WRITE_SECONDS", "AllWorkersCollector", "StoreProbe", "register"]
