"""The browser face: the staff console, the pages behind a link, the privacy page, health, and the demo's own page.

Everything works without JavaScript: pages are read with GET, acts are a form with POST and a redirect.
"""
