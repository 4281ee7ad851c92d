"""Pages for requesters, without an account: a signed link opens them, a code opens data. GET never does anything."""
