"""Port numbers for programs that can not be handed a socket."""

from __future__ import annotations

import itertools
import os
import socket

# Below the range that the system draws from for everybody (from 32768), a block for each process: between our look and
# the start of the program nobody else gets it.
_FIRST = 11_000 + os.getpid() % 200 * 100
_NUMBERS = itertools.cycle(range(_FIRST, _FIRST + 100))


def free_port() -> int:
    """A port on loopback at which nobody listens."""
    for port in itertools.islice(_NUMBERS, 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the programs do: a late packet is no owner
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("every port of this process is taken")
