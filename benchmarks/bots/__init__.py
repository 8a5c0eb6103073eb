"""The same form of three questions as five bots, each started as a process of its own."""
