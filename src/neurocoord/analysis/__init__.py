"""Measures of force, spikes and movement, and the statistics that compare strategies on them."""
