"""A pretend Telegram and a web page with telephones, so that the bot can be tried without any token."""
