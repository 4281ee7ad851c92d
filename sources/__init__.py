"""The organisation's own systems: where data of a person are found and changed. Declared in TOML, a file per kind."""
