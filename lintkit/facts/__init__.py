"""What Python computes about subjects; policies read facts, never compute them."""
