"""An experiment becomes a run: trained, measured layer by layer, and told of in words."""
