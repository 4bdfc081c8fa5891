"""One figure per file, each with one message. A figure is a few narrow panels, so that it is legible on a phone."""
