"""The organisation's own systems: where the data of a person are found. Declared in TOML, opened to read only."""
