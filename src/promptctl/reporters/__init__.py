"""A finished result, shown. Reporters get the record and never see the application."""
