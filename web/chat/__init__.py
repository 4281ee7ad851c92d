"""The web chat's server side: which pages may open it, how a visitor is known again, and the lines on the screen."""
