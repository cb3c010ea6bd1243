"""The parts of a person's copy: rendered values, files of the zip, the policy's statement, the HTML page."""
