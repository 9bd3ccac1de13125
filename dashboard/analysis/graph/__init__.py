"""Nodes and edges, built from conversations."""
