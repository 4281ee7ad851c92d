"""Core selects that give frozen values; the only place outside `storage/models` that names columns.

One file per asker: `staff` (accounts and sessions), `console` (lists for staff), `case_file` (everything on one case;
its values are in `case_values`), `requester` (the pages behind a link).
"""
