"""Bugs that are planted into a copy of the generator, one at a time: does `whgen rehearse` find each of them?"""
