"""The books computed a second time, from the documentation alone: slow, plain, and without a line of the product."""
