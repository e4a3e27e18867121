"""The commands by subject. `cli` puts them together; each opens what it needs and leaves the work to others."""
