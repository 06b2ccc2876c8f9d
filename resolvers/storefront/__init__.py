"""What sites look like: sections that a theme's schemas hold, and the versions of them."""
