"""What operators see: metrics on an internal port, traces and errors by setting."""
