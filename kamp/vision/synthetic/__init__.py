"""Generator of synthetic (합성) films of refractory bricks."""
