"""What is measured and proven beyond the tests: `python -m benchmarks turns`, `crash`, `all`. Linux only."""
