"""The demonstration: five invented organisations with customers, systems and letters. Nobody in it exists."""
