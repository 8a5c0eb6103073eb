"""Claims that the pretend signal-cli keeps."""
