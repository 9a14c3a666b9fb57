"""JSON Schemas of the files that people write, made from the records, for editors."""
