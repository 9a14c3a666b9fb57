"""Asking models: what is stored is never asked, what is asked is paid once, what fails is tried again by rule."""
