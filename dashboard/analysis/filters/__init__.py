"""The filter language: typed text to an expression that every engine understands."""
