"""What an operator needs for Signal: getting a number, what people see, and a look at signal-cli from outside."""
