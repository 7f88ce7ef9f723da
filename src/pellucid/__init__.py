"""pellucid: a feed-forward neural network you can read, check, watch and use in earnest."""

from pellucid.activations import ACTIVATIONS, Activation
from pellucid.engines import ENGINES
from pellucid.initializers import INITIALIZERS
from pellucid.losses import LOSSES, Loss
from pellucid.model import Network
from pellucid.optimizers import OPTIMIZERS, Optimizer
from pellucid.schedules import SCHEDULES
from pellucid.solvers import SOLVERS
from pellucid.version import __version__

__all__ = ["ACTIVATIONS", "ENGINES", "INITIALIZERS", "LOSSES", "Activation", "Loss", "Network", "OPTIMIZERS", "Optimizer", "SCHEDULES", "SOLVERS", "__version__"]
