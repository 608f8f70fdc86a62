"""Django's view of the project: settings, addresses, the WSGI application."""
