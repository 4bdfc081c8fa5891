"""Which epoch's weights are kept: `build(...)` gives a function (record, kept) -> whether to keep the record's."""
