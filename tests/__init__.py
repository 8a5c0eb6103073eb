"""What people experience, told at the messenger's edge."""
