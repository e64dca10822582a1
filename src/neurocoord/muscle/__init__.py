"""Muscle: force from length and velocity, and energy counted from motor units.

`mechanics` is the force-length-velocity surface of the body's muscles, `energetics` the metabolic
power of active motor units, `unit_energy` their sums by fibre type and a law for single spikes,
`efficiency` the ratios a study reports, `whole_muscle_energy` published formulas to compare with.
Nothing here knows of a body.
"""
