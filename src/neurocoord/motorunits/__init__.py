"""Motor units: drive -> recruitment and rate coding -> spikes -> twitches -> active state.

    pools = published.body_pools([120, 120], [0.5, 0.8])
    state = kernel.init(pools, n_env=1, seed=7)
    state, output = kernel.advance(pools, coupling, state, drive)  # drive [env, tick, muscle], 0..1

`reference` is the same step in plain NumPy, `rate_model` the expected state without spikes.
Couplings come from `neurocoord.synchrony`; this room knows only their record.
"""
