"""The formats of the agents, one module each, and what reads them."""
