"""What is true of the traffic; knows nothing of the page."""
