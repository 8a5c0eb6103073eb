"""The machinery of the bridge: it would serve a bot about anything; what this one is about stands in `handlers/`."""
