"""Cache of flow records in, answers and the page out."""
