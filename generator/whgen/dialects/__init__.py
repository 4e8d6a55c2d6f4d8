"""What a dialect is made of; the warehouses have one each."""
