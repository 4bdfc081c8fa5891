"""Which trials run when and where. The only floor that imports Ray."""
