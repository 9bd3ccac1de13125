"""Loading on a Spark cluster: batches are parsed by its workers, committed by one writer."""
