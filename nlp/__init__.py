"""What is asked? Reads Dutch privacy requests: corpus, training, model, rules, facts.

One thread for the matrices, set here because it must stand before numpy is loaded: ours are small, and threads on small
matrices wait for each other (ten times slower on a busy machine) and add in varying order.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
