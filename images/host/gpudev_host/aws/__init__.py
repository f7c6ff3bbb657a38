"""The few AWS calls of a host, signed by hand: plain Ubuntu has no AWS client."""
