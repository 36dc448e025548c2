"""What the server tells Prometheus about itself."""

from .figures import Reachable, measure
from .workers import FIGURES_SECONDS, Together

__all__ = ["FIGURES_SECONDS", "Reachable", "Together", "measure"]
