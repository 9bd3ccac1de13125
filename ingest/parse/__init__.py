"""From an object's bytes to typed rows, led by the object's own header."""
