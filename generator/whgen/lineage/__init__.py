"""What every column of the warehouse is made of, from the column of a source to the last model, with the rule at each step."""
