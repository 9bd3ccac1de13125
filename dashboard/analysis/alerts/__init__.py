"""Alert rules over the flows."""
