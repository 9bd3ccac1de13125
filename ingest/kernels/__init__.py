"""Loops over bytes and rows, compiled once to machine code by numba."""
