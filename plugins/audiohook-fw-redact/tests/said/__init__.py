"""What people say in calls, with personal data and without, made from a seed."""
