"""The changes of the tables, oldest first. What was released is never changed."""
