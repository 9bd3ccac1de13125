"""Files that leave: graph.json and pseudonyms."""
