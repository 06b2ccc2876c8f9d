"""What Vitrine costs: measured on the real server, in CPU time beside the clock."""
