"""Run compiled SQL and hand back rows."""
