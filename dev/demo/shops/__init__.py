"""What the demo shops are made of: the copy of each as JSON, the drawings of what they sell."""
