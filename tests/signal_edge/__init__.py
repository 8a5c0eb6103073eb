"""The edge to Signal: what the bot hears there, and what it sends."""
