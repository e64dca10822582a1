"""Pictures of a body: muscles coloured by their active state, from blue (rest) to red (full).

Without a screen MuJoCo draws through EGL or OSMesa; everything else in the package needs neither.
"""

import neurocoord.body  # noqa: F401  first: it puts a failing import of mujoco in plain words

# isort: split
from neurocoord.film.painter import NoGraphics as NoGraphics
from neurocoord.film.painter import Painter as Painter
from neurocoord.film.painter import View as View
from neurocoord.film.painter import has_screen as has_screen
from neurocoord.film.record import FORMATS as FORMATS
from neurocoord.film.record import Postures as Postures
from neurocoord.film.record import check as check
from neurocoord.film.record import contact_sheet as contact_sheet
from neurocoord.film.record import film_run as film_run
from neurocoord.film.record import film_trial as film_trial
from neurocoord.film.window import Window as Window
