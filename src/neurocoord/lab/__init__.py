"""The lab: one muscle and one body in a browser, for teaching, with guided lessons.

`neurocoord lab` opens it. What is simulated (`muscle`, `body`) knows no page; pages are made with
viser, the extra `lab`, each visitor's own.
"""
