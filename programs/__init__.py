"""What is offered, and how much money is left."""
