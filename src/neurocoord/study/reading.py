"""How a page that compares synchronization strategies is to be read: what they are, and limits."""

from __future__ import annotations

from neurocoord.report import Section, Table

STRATEGIES = (
    ("independent", "nothing", "the baseline; no model of a person"),
    ("common drive", "slow fluctuation of drive, below 5 Hz", "all of it; people: about 0.6"),
    ("short term", "events that align spikes within ms", "about 1 extra coincidence a second"),
    ("beta", "bursts of a rhythm of 15 to 30 Hz", "all of it"),
    ("staggered", "chances to fire are dealt out in turn", "half of the firing hazard"),
)
SHARED = Table(
    "What the units of a muscle share under each strategy",
    ("Strategy", "Shared", "At the full dial"),
    STRATEGIES,
    n_words=3,
    note="0.5: half the dial. Synergists, body: the same is shared beyond the muscle. The full "
    "dial is an upper end; strengths are choices that docs/motor_units.md tells of.",
)
POINTS = (
    "A strategy changes only who fires with whom. Each unit's mean rate, interval variability and "
    "expected force stay (staggered: force within 0.3 %), so equal mean torque at equal drive is a "
    "check of the model and no finding. What could differ is fluctuation, EMG, fast onsets and "
    "movement.",
    "More, less: a difference was found. No difference that matters: it surely lies within the "
    "smallest difference of interest. Left open: neither; the smallest difference that would have "
    "been found is told.",
    "All strategies are held against the same run of the baseline, on the same noise, one noise "
    "seed a person: a lucky run of the baseline shows as the same difference under all of them.",
    "Measures of one task hang together: counts of them are an index and no evidence of their own.",
    "Compare conditions, not people: by this controller crawling costs several times what people "
    "spend, tendons are rigid, the first 50 ms of a fast effort rise faster than people's, and EMG "
    "is a sum of unit potentials without electrodes.",
)
READING = Section("How to read this page", tables=(SHARED,), points=POINTS)
