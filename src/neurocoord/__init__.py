"""Neuromuscular coordination on a MuJoCo humanoid whose muscles are driven by motor units.

Importing the package is light and silent: each room is imported when it is used, for instance
`neurocoord.motorunits`, `neurocoord.simulation` or `neurocoord.envs` (which registers the
gymnasium environments).
"""

__version__ = "0.1.0"
