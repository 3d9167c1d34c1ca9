"""What tasks draw: samples and predictions, with what is found in them."""
