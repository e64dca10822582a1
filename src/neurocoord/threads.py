"""One thread for linear algebra: several may sum in another order, and so give other bits.

To be put into the environment before NumPy is loaded; trials run on processes instead.
"""

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
