"""An experiment becomes a run: trained, measured layer by layer, and described in words."""
